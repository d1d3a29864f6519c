// Keeps as many workers asked for as the queue needs.
#pragma once

#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/provision/engine.h"
#include "server/provision/pilot_planner.h"
#include "telemetry/metric_registry.h"

namespace fp4::store {
class Store;
}

namespace fp4::provision {

// A thread of its own looks at the queue every few seconds and submits or cancels jobs of the
// engine, from construction to destruction, which waits for the engine's call in progress. Jobs
// stay when the controller stops: its next process finds them by List. An engine that fails is
// asked again after growing pauses; that is logged once, and counted.
class Provisioner {
 public:
  // All but `limits` outlive it.
  Provisioner(std::unique_ptr<Engine> engine, const PilotLimits& limits, const store::Store& store,
              const Clock& clock, telemetry::MetricRegistry& registry);
  ~Provisioner();

 private:
  struct Metrics {
    explicit Metrics(telemetry::MetricRegistry& registry);
    prometheus::Gauge &waiting, &running, &pause_seconds;
    prometheus::Counter &submitted, &cancelled, &failures;
  };

  void Run();
  // Whether it was told to stop within the pause.
  bool StopsWithin(absl::Duration pause);
  absl::Status Look();
  absl::Status Act(const PilotPlan& plan);
  void TellPause(absl::Duration pause, int64_t queued);

  const std::unique_ptr<Engine> engine_;
  PilotPlanner planner_;
  const store::Store& store_;
  const Clock& clock_;
  Metrics metrics_;
  bool any_jobs_ = true;  // unknown at the start: the engine is asked
  bool paused_ = false;

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fp4::provision
