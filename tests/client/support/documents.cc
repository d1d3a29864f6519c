#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

constexpr int64_t kStart = 1767323045;  // 2026-01-02T03:04:05Z

v1::Event EventOf(const std::string& run, int64_t seq, int second) {
  v1::Event event;
  event.set_run_id(run);
  event.set_seq(seq);
  event.set_attempt(1);
  event.mutable_time()->set_seconds(kStart + second);
  return event;
}

}  // namespace

v1::Experiment MakeExperiment(const std::vector<std::string>& variants) {
  v1::Experiment experiment;
  experiment.set_id("k7x2m9qd");
  experiment.set_name("demo");
  experiment.set_project("default");
  experiment.set_num_runs(static_cast<int>(variants.size()));
  experiment.mutable_create_time()->set_seconds(kStart);
  for (const std::string& variant : variants) {
    v1::Run& run = *experiment.add_runs();
    run.set_id(std::string("run0000") + static_cast<char>('a' + experiment.runs_size() - 1));
    run.set_experiment_id(experiment.id());
    run.set_experiment_name(experiment.name());
    run.set_variant(variant);
    run.set_seed(1);
    run.set_state(v1::RUN_STATE_QUEUED);
    run.set_total_steps(40);
    run.mutable_create_time()->set_seconds(kStart);
  }
  return experiment;
}

v1::Event MetricsAt(const std::string& run, int64_t seq, int64_t step, double loss, int second) {
  v1::Event event = EventOf(run, seq, second);
  event.mutable_metrics()->set_step(step);
  v1::Value& value = *event.mutable_metrics()->add_values();
  value.set_name("train/loss");
  value.set_value(loss);
  return event;
}

v1::Event StateTo(const std::string& run, v1::RunState state, const std::string& reason) {
  v1::Event event = EventOf(run, 0, 0);
  event.mutable_state()->set_state(state);
  event.mutable_state()->set_reason(reason);
  return event;
}

v1::Event FrozenLayer(const std::string& run, int64_t seq, const std::string& layer) {
  v1::Event event = EventOf(run, seq, 1);
  event.mutable_health()->set_severity("error");
  event.mutable_health()->set_code("frozen_layer");
  event.mutable_health()->set_layer(layer);
  event.mutable_health()->set_message("has not changed");
  return event;
}

}  // namespace fp4::client
