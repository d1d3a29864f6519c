#include "server/rpc/convert_experiment.h"

#include <algorithm>

#include "server/core/search/trial.h"
#include "server/rpc/convert_checkpoint.h"
#include "server/rpc/convert_event.h"
#include "wire/events.h"
#include "wire/times.h"

namespace fp4::rpc {
v1::Run ToProto(const store::RunRecord& run) {
  v1::Run message;
  message.set_id(run.id);
  message.set_experiment_id(run.experiment_id);
  message.set_experiment_name(run.experiment_name);
  message.set_variant(run.variant);
  message.set_seed(static_cast<int64_t>(run.seed));
  message.set_state(ToProto(run.state));
  message.set_reason(run.reason);
  message.set_message(run.message);
  message.set_attempt(run.attempt);
  message.set_num_restarts(run.num_restarts);
  message.set_worker(run.worker);
  message.mutable_slots()->Add(run.slots.begin(), run.slots.end());
  message.set_step(run.step);
  message.set_total_steps(run.total_steps);
  *message.mutable_create_time() = wire::ToProto(run.create_time);
  if (run.start_time) *message.mutable_start_time() = wire::ToProto(*run.start_time);
  if (run.finish_time) *message.mutable_finish_time() = wire::ToProto(*run.finish_time);
  for (const auto& [name, number] : run.latest) {
    v1::Value* value = message.add_latest();
    value->set_name(name);
    value->set_value(number);
  }
  for (const spec::HealthEvent& event : run.health) *message.add_health() = wire::ToProto(event);
  return message;
}

v1::Run ToProto(const store::RunDetails& details) {
  v1::Run message = ToProto(details.run);
  message.set_resolved_document(details.resolved_document);
  message.set_started_json(details.started_json);
  message.set_stderr_tail(details.stderr_tail);
  for (auto one = details.checkpoints.rbegin(); one != details.checkpoints.rend(); ++one) {
    *message.add_checkpoints() = ToProto(*one);
  }
  return message;
}

namespace {

v1::Trial ToProto(const store::TrialRecord& trial) {
  v1::Trial message;
  message.set_run_id(trial.run_id);
  message.set_values_json(trial.values_json);
  for (const store::TrialRung& rung : trial.rungs) {
    v1::Rung* added = message.add_rungs();
    added->set_step(rung.step);
    added->set_metric(rung.metric);
    added->set_kept(rung.kept);
    added->set_why(rung.why);
  }
  message.set_state(trial.state);
  message.set_why(trial.why);
  message.set_variant(trial.variant);
  message.set_seed(static_cast<int64_t>(trial.seed));
  message.set_number(trial.number);
  message.set_best(trial.best);
  for (double value : trial.metrics) message.add_metrics(value);
  return message;
}

v1::Search ToProto(const store::SearchRecord& search) {
  v1::Search message;
  message.set_method(search.method);
  for (const std::string& name : search.metrics) message.add_metrics(name);
  for (const std::string& goal : search.goals) message.add_goals(goal);
  for (const store::TrialRecord& trial : search.trials) *message.add_trials() = ToProto(trial);
  message.set_num_trials(search.num_trials);
  message.set_num_invalid(search.num_invalid);
  message.set_ended(search.ended);
  return message;
}

}  // namespace

v1::Experiment ToProto(const store::ExperimentRecord& experiment) {
  v1::Experiment message;
  message.set_id(experiment.id);
  message.set_name(experiment.name);
  message.set_project(experiment.project);
  message.set_description(experiment.description);
  for (const std::string& label : experiment.labels) message.add_labels(label);
  message.set_document(experiment.document);
  message.set_document_name(experiment.document_name);
  for (const std::string& text : experiment.overrides) message.add_overrides(text);
  message.set_created_by(experiment.created_by);
  *message.mutable_create_time() = wire::ToProto(experiment.create_time);
  for (const store::RunRecord& run : experiment.runs) *message.add_runs() = ToProto(run);
  message.set_num_runs(experiment.num_runs);
  message.set_num_finished(experiment.num_finished);
  message.set_next_page_token(experiment.next_runs_token);
  if (experiment.search) *message.mutable_search() = ToProto(*experiment.search);
  return message;
}

namespace {

void AddPreview(const std::string& variant, uint64_t seed, int64_t steps, v1::Experiment& message) {
  v1::Run* run = message.add_runs();
  run->set_experiment_name(message.name());
  run->set_variant(variant);
  run->set_seed(static_cast<int64_t>(seed));
  run->set_total_steps(steps);
}

// Those that are made at once.
void PreviewTrials(const store::NewExperiment& request, v1::Experiment& message) {
  const spec::Experiment& experiment = request.experiment;
  const int64_t all = core::NumTrials(experiment);
  const int64_t first = std::min(all, experiment.search->max_concurrent);
  for (int64_t number = 0; number < all && message.runs_size() < first; ++number) {
    const core::TrialPlan plan = core::PlanTrial(experiment, number);
    const auto trial = core::MakeTrial(experiment, request.document, request.overrides, plan);
    if (!trial.ok()) continue;
    AddPreview(trial->variant.name, experiment.seeds[plan.seed], trial->variant.run.training.steps,
               message);
  }
  message.mutable_search()->set_num_trials(all);
}

}  // namespace

v1::Experiment PreviewToProto(const store::NewExperiment& request) {
  const spec::Experiment& experiment = request.experiment;
  v1::Experiment message;
  message.set_name(experiment.name);
  message.set_project(experiment.project);
  message.set_description(experiment.description);
  for (const std::string& label : experiment.labels) message.add_labels(label);
  if (experiment.search) {
    PreviewTrials(request, message);
  } else {
    for (const spec::Variant& variant : experiment.variants) {
      for (uint64_t seed : experiment.seeds) {
        AddPreview(variant.name, seed, variant.run.training.steps, message);
      }
    }
  }
  message.set_num_runs(message.runs_size());
  return message;
}

v1::QueryMetricsResponse ToProto(const store::MetricsPage& page) {
  v1::QueryMetricsResponse message;
  for (const store::SeriesRecord& series : page.series) {
    v1::Series* added = message.add_series();
    added->set_name(series.name);
    added->set_num_points(series.num_points);
    for (const store::Point& point : series.points) {
      v1::Point* to = added->add_points();
      to->set_step(point.step);
      to->set_value(point.value);
      to->set_attempt(point.attempt);
    }
  }
  message.set_next_page_token(page.next_token);
  for (const std::string& name : page.unknown_names) message.add_unknown_names(name);
  for (const std::string& name : page.known_names) message.add_known_names(name);
  return message;
}

}  // namespace fp4::rpc
