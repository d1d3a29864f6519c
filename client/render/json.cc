#include "client/render/json.h"

#include "wire/json/objects.h"
#include "wire/names.h"

namespace fp4::client {
namespace {

using wire::Array;
using wire::Dump;
using wire::Json;
using wire::WorkersArray;

Json StartedJson(const DaemonState& daemon) {
  Json json = {{"pid", daemon.report.pid}, {"started", daemon.report.changed}};
  if (!daemon.endpoints.grpc.empty()) json["grpc"] = daemon.endpoints.grpc;
  json["http"] = daemon.endpoints.http;
  return json;
}

// What an export says of each run.
Json RunFactsJson(const v1::Run& run) {
  return {{"run", run.id()},
          {"experiment", run.experiment_id()},
          {"variant", run.variant()},
          {"seed", run.seed()},
          {"state", wire::StateName(run.state())}};
}

}  // namespace

std::string SubmissionJson(const v1::Experiment& experiment) {
  Json runs = Array(experiment.runs(), [](const v1::Run& run) {
    return Json{{"id", run.id()}, {"variant", run.variant()}, {"seed", run.seed()}};
  });
  return Dump({{"experiment", experiment.id()}, {"runs", runs}});
}

std::string ExportedRunsJson(const std::vector<ExportedRun>& runs) {
  return Dump(Array(runs, [](const ExportedRun& exported) {
    Json json = RunFactsJson(exported.run);
    json["file"] = exported.file;
    return json;
  }));
}

std::string SentRunsJson(const std::vector<SentRun>& runs) {
  return Dump(Array(runs, [](const SentRun& sent) {
    Json json = RunFactsJson(sent.run);
    json["url"] = sent.url;
    return json;
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
               {"workers", WorkersArray(workers)},
               {"active_runs", num_active_runs}});
}

}  // namespace fp4::client
