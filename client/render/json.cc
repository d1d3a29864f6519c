#include "client/render/json.h"

#include "base/clock.h"
#include "client/render/json_values.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

Json TimeJson(bool present, const google::protobuf::Timestamp& time) {
  return present ? Json(FormatTimestamp(ToTime(time))) : Json();
}

Json CheckpointJson(const v1::Checkpoint& checkpoint) {
  return {{"path", checkpoint.path()},
          {"step", checkpoint.step()},
          {"bytes", checkpoint.bytes()},
          {"sha256", checkpoint.sha256()}};
}

// The text as JSON where it is one, else as a string.
Json Embedded(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(text) : json;
}

Json RunObject(const v1::Run& run) {
  Json latest = Json::object();
  for (const v1::Value& value : run.latest()) latest[value.name()] = Number(value.value());
  Json json = {{"id", run.id()},
               {"experiment", run.experiment_id()},
               {"experiment_name", run.experiment_name()},
               {"variant", run.variant()},
               {"seed", run.seed()},
               {"state", StateName(run.state())},
               {"reason", run.reason()},
               {"message", run.message()},
               {"attempt", run.attempt()},
               {"num_restarts", run.num_restarts()},
               {"worker", run.worker()},
               {"step", run.step()},
               {"total_steps", run.total_steps()},
               {"create_time", TimeJson(run.has_create_time(), run.create_time())},
               {"start_time", TimeJson(run.has_start_time(), run.start_time())},
               {"finish_time", TimeJson(run.has_finish_time(), run.finish_time())},
               {"latest", latest},
               {"health", Array(run.health(), HealthJson)}};
  if (!run.resolved_document().empty()) {
    json["document"] = Embedded(run.resolved_document());
    json["started"] = run.started_json().empty() ? Json() : Embedded(run.started_json());
    json["checkpoints"] = Array(run.checkpoints(), CheckpointJson);
  }
  return json;
}

Json ExperimentObject(const v1::Experiment& experiment) {
  return {{"id", experiment.id()},
          {"name", experiment.name()},
          {"project", experiment.project()},
          {"description", experiment.description()},
          {"labels", TextArray(experiment.labels())},
          {"created_by", experiment.created_by()},
          {"create_time", TimeJson(experiment.has_create_time(), experiment.create_time())},
          {"num_runs", experiment.num_runs()},
          {"num_finished", experiment.num_finished()}};
}

Json PointsArray(const v1::Series& series) {
  return Array(series.points(), [](const v1::Point& point) {
    return Json{
        {"step", point.step()}, {"value", Number(point.value())}, {"attempt", point.attempt()}};
  });
}

Json SlotJson(const v1::Slot& slot) {
  return {{"index", slot.index()},
          {"kind", slot.kind() == v1::Slot::GPU ? "gpu" : "cpu"},
          {"name", slot.name()},
          {"memory_bytes", slot.memory_bytes()},
          {"cpu_threads", slot.cpu_threads()},
          {"run", slot.run_id().empty() ? Json() : Json(slot.run_id())}};
}

Json WorkerJson(const v1::Worker& worker) {
  return {{"id", worker.id()},
          {"name", worker.name()},
          {"host", worker.host()},
          {"version", worker.version()},
          {"connected", worker.connected()},
          {"problem", worker.problem()},
          {"last_seen_time", TimeJson(worker.has_last_seen_time(), worker.last_seen_time())},
          {"slots", Array(worker.slots(), SlotJson)}};
}

Json StartedJson(const DaemonState& daemon) {
  Json json = {{"pid", daemon.report.pid}, {"started", daemon.report.changed}};
  if (!daemon.endpoints.grpc.empty()) json["grpc"] = daemon.endpoints.grpc;
  json["http"] = daemon.endpoints.http;
  return json;
}

}  // namespace

std::string SubmissionJson(const v1::Experiment& experiment) {
  Json runs = Array(experiment.runs(), [](const v1::Run& run) {
    return Json{{"id", run.id()}, {"variant", run.variant()}, {"seed", run.seed()}};
  });
  return Dump({{"experiment", experiment.id()}, {"runs", runs}});
}

std::string ExperimentJson(const v1::Experiment& experiment) {
  Json json = ExperimentObject(experiment);
  json["document_name"] = experiment.document_name();
  json["document"] = experiment.document();
  json["overrides"] = TextArray(experiment.overrides());
  json["runs"] = Array(experiment.runs(), RunObject);
  return Dump(json);
}

std::string ExperimentsJson(const std::vector<v1::Experiment>& experiments) {
  return Dump(Array(experiments, ExperimentObject));
}

std::string RunJson(const v1::Run& run) { return Dump(RunObject(run)); }

std::string RunsJson(const std::vector<v1::Run>& runs) { return Dump(Array(runs, RunObject)); }

std::string PointsJson(const v1::Series& series) { return Dump(PointsArray(series)); }

std::string NamesJson(const std::vector<std::string>& names) { return Dump(Json(names)); }

std::string RunSeriesJson(const std::vector<RunSeries>& all) {
  return Dump(Array(all, [](const RunSeries& one) {
    return Json{{"run", one.run.id()},
                {"variant", one.run.variant()},
                {"seed", one.run.seed()},
                {"points", PointsArray(one.series)}};
  }));
}

std::string WorkersJson(const v1::ListWorkersResponse& workers) {
  return Dump(Array(workers.workers(), WorkerJson));
}

std::string QueueJson(const v1::ListQueueResponse& queue) {
  return Dump(Array(queue.runs(), [](const v1::QueuedRun& run) {
    return Json{{"run", run.run_id()},
                {"position", run.position()},
                {"why", run.why()},
                {"needs", run.needs()}};
  }));
}

std::string ExportedRunsJson(const std::vector<ExportedRun>& runs) {
  return Dump(Array(runs, [](const ExportedRun& exported) {
    const v1::Run& run = exported.run;
    return Json{
        {"run", run.id()},    {"experiment", run.experiment_id()}, {"variant", run.variant()},
        {"seed", run.seed()}, {"state", StateName(run.state())},   {"file", exported.file}};
  }));
}

std::string FlatJson(const std::vector<JsonText>& fields) {
  Json json = Json::object();
  for (const JsonText& field : fields) json[field.name] = field.text;
  return Dump(json);
}

std::string UpJson(const DaemonState& controller, const DaemonState& worker,
                   const std::string& state_folder) {
  return Dump({{"controller", StartedJson(controller)},
               {"worker", StartedJson(worker)},
               {"state_folder", state_folder}});
}

std::string DownJson(const std::vector<DaemonReport>& reports) {
  Json json = Json::object();
  for (const DaemonReport& report : reports) json[report.name] = {{"stopped", report.changed}};
  return Dump(json);
}

std::string StatusJson(const std::string& address, const Endpoints* local,
                       const v1::ListWorkersResponse& workers, size_t num_active_runs) {
  return Dump({{"controller",
                {{"address", address},
                 {"serving", true},
                 {"pid", local != nullptr ? Json(local->pid) : Json()},
                 {"http", local != nullptr ? Json(local->http) : Json()}}},
               {"workers", Array(workers.workers(), WorkerJson)},
               {"active_runs", num_active_runs}});
}

}  // namespace fp4::client
