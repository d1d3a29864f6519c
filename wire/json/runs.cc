#include "wire/json/messages.h"
#include "wire/json/objects.h"
#include "wire/names.h"

namespace fp4::wire {
namespace {

Json CheckpointJson(const v1::Checkpoint& checkpoint) {
  return {{"path", checkpoint.path()},       {"step", checkpoint.step()},
          {"bytes", checkpoint.bytes()},     {"sha256", checkpoint.sha256()},
          {"attempt", checkpoint.attempt()}, {"stored", checkpoint.stored()}};
}

Json ExperimentObject(const v1::Experiment& experiment) {
  return {{"id", experiment.id()},
          {"name", experiment.name()},
          {"project", experiment.project()},
          {"description", experiment.description()},
          {"labels", TextArray(experiment.labels())},
          {"created_by", experiment.created_by()},
          {"create_time", OptionalTime(experiment.has_create_time(), experiment.create_time())},
          {"num_runs", experiment.num_runs()},
          {"num_finished", experiment.num_finished()}};
}

Json RungJson(const v1::Rung& rung) {
  return {{"step", rung.step()},
          {"metric", Number(rung.metric())},
          {"kept", rung.kept()},
          {"why", rung.why()}};
}

Json TrialJson(const v1::Search& search, const v1::Trial& trial) {
  Json metrics = Json::object();
  for (int i = 0; i < trial.metrics_size() && i < search.metrics_size(); ++i) {
    metrics[search.metrics(i)] = Number(trial.metrics(i));
  }
  return {{"run", trial.run_id()},
          {"trial", trial.number()},
          {"variant", trial.variant()},
          {"seed", trial.seed()},
          {"values", Embedded(trial.values_json())},
          {"rungs", Array(trial.rungs(), RungJson)},
          {"state", trial.state()},
          {"why", trial.why()},
          {"metrics", metrics},
          {"best", trial.best()}};
}

Json SearchJson(const v1::Search& search) {
  return {{"method", search.method()},
          {"metrics", TextArray(search.metrics())},
          {"goals", TextArray(search.goals())},
          {"num_trials", search.num_trials()},
          {"num_invalid", search.num_invalid()},
          {"ended", search.ended()},
          {"trials", Array(search.trials(), [&search](const v1::Trial& trial) {
             return TrialJson(search, trial);
           })}};
}

}  // namespace

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
               {"create_time", OptionalTime(run.has_create_time(), run.create_time())},
               {"start_time", OptionalTime(run.has_start_time(), run.start_time())},
               {"finish_time", OptionalTime(run.has_finish_time(), run.finish_time())},
               {"latest", latest},
               {"health", Array(run.health(), HealthJson)}};
  if (!run.wait_reason().empty()) {
    json["wait_reason"] = run.wait_reason();
    json["needs"] = run.needs();
  }
  if (!run.resolved_document().empty()) {
    json["document"] = Embedded(run.resolved_document());
    json["started"] = run.started_json().empty() ? Json() : Embedded(run.started_json());
    json["checkpoints"] = Array(run.checkpoints(), CheckpointJson);
  }
  return json;
}

std::string ExperimentJson(const v1::Experiment& experiment) {
  Json json = ExperimentObject(experiment);
  json["document_name"] = experiment.document_name();
  json["document"] = experiment.document();
  json["overrides"] = TextArray(experiment.overrides());
  json["runs"] = Array(experiment.runs(), RunObject);
  if (experiment.has_search()) json["search"] = SearchJson(experiment.search());
  return Dump(json);
}

std::string ExperimentsJson(const std::vector<v1::Experiment>& experiments) {
  return Dump(Array(experiments, ExperimentObject));
}

std::string RunJson(const v1::Run& run) { return Dump(RunObject(run)); }

std::string RunsJson(const std::vector<v1::Run>& runs) { return Dump(Array(runs, RunObject)); }

}  // namespace fp4::wire
