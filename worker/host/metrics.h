#pragma once

#include "telemetry/metric_registry.h"
#include "worker/types.h"

namespace fp4::worker {

// fp4_worker_…: what this worker does, on the dashboard. GPU metrics: worker/host/gpu_metrics.h.
// Thread-safe, as its instruments are. They live in the registry.
class WorkerMetrics {
 public:
  explicit WorkerMetrics(telemetry::MetricRegistry& registry);

  prometheus::Counter& Exits(ExitCause cause);
  // By what was asked: "register", "acquire", "renew", "report_events", "report_exit".
  prometheus::Counter& CallFailures(std::string_view call);

  prometheus::Gauge& slots;
  prometheus::Gauge& slots_busy;
  prometheus::Gauge& registered;
  prometheus::Gauge& fit;
  prometheus::Counter& trainers_spawned;
  prometheus::Counter& trainers_adopted;
  prometheus::Counter& events_reported;
  prometheus::Gauge& events_unacknowledged;
  prometheus::Histogram& report_seconds;
  prometheus::Gauge& tokens_per_second;

 private:
  telemetry::MetricRegistry& registry_;
};

}  // namespace fp4::worker
