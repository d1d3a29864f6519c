#include "server/rpc/convert_experiment.h"

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
  for (const spec::CheckpointEvent& point : details.checkpoints) {
    *message.add_checkpoints() = wire::ToProto(point);
  }
  return message;
}

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
  return message;
}

v1::Experiment PreviewToProto(const store::NewExperiment& request) {
  const spec::Experiment& experiment = request.experiment;
  v1::Experiment message;
  message.set_name(experiment.name);
  message.set_project(experiment.project);
  message.set_description(experiment.description);
  for (const std::string& label : experiment.labels) message.add_labels(label);
  for (const spec::Variant& variant : experiment.variants) {
    for (uint64_t seed : experiment.seeds) {
      v1::Run* run = message.add_runs();
      run->set_experiment_name(experiment.name);
      run->set_variant(variant.name);
      run->set_seed(static_cast<int64_t>(seed));
      run->set_total_steps(variant.run.training.steps);
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
