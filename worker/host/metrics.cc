#include "worker/host/metrics.h"

namespace fp4::worker {

WorkerMetrics::WorkerMetrics(telemetry::MetricRegistry& registry)
    : slots(registry.Gauge("fp4_worker_slots", "Places where a trainer can run.")),
      slots_busy(registry.Gauge("fp4_worker_slots_busy", "Slots whose trainer lives.")),
      registered(
          registry.Gauge("fp4_worker_registered", "1 while the controller knows this worker.")),
      fit(registry.Gauge("fp4_worker_fit",
                         "1 while this host can work: disk and trainer were found well.")),
      trainers_spawned(registry.Counter("fp4_worker_trainers_spawned_total", "Trainers started.")),
      trainers_adopted(registry.Counter("fp4_worker_trainers_adopted_total",
                                        "Live trainers of an earlier worker process taken over.")),
      events_reported(registry.Counter("fp4_worker_events_reported_total",
                                       "Events of runs that the controller has acknowledged.")),
      events_unacknowledged(
          registry.Gauge("fp4_worker_events_unacknowledged",
                         "Events in the logs that the controller has not acknowledged.")),
      report_seconds(
          registry.Histogram("fp4_worker_report_seconds",
                             "Time from sending a batch of events to its acknowledgement.",
                             telemetry::LatencyBounds())),
      tokens_per_second(registry.Gauge("fp4_worker_tokens_per_second",
                                       "Sum over the running trainers of their newest speed.")),
      registry_(registry) {
  for (ExitCause cause : kExitCauses) {
    Exits(cause);
  }
  for (const char* call : {"register", "acquire", "renew", "report_events", "report_exit"}) {
    CallFailures(call);
  }
}

prometheus::Counter& WorkerMetrics::Exits(ExitCause cause) {
  return registry_.Counter("fp4_worker_trainer_exits_total", "Ended attempts, by how they ended.",
                           {{"cause", std::string(ExitCauseName(cause))}});
}

prometheus::Counter& WorkerMetrics::CallFailures(std::string_view call) {
  return registry_.Counter("fp4_worker_call_failures_total",
                           "Calls to the controller that failed, by what was asked.",
                           {{"call", std::string(call)}});
}

}  // namespace fp4::worker
