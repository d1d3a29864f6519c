// The controller's metrics: what the store does, and what there is.
#pragma once

#include <memory>

#include "server/artifacts/disk_guard.h"
#include "server/http/writer_health.h"
#include "server/store/observer.h"
#include "telemetry/metric_registry.h"

namespace fp4::store {
class Store;
}

namespace fp4::http {

// Counts what the store reports, and tells `health` that its writer is alive and `disk` how long
// commits take. Thread-safe; all three outlive it.
class StoreMetrics : public store::StoreObserver {
 public:
  StoreMetrics(telemetry::MetricRegistry& registry, WriterHealth& health,
               artifacts::DiskGuard& disk);

  void OnCommit(size_t num_requests, absl::Duration duration) override;
  void OnCommitFailed() override;
  void OnStored(size_t num_points, size_t num_events) override;
  void OnDecide(absl::Duration duration) override;
  void OnAssigned(absl::Duration queue_wait) override;
  void OnLeaseExpired() override;
  void OnFinding(std::string_view code) override;
  void OnResumptions(size_t num_from_zero, size_t num_passed_over) override;
  void OnTransition(core::RunState from, core::RunState to) override;

 private:
  telemetry::MetricRegistry& registry_;
  WriterHealth& health_;
  artifacts::DiskGuard& disk_;
  prometheus::Histogram& commit_seconds_;
  prometheus::Histogram& commit_requests_;
  prometheus::Counter& commit_failures_;
  prometheus::Counter& points_;
  prometheus::Counter& events_;
  prometheus::Histogram& decide_seconds_;
  prometheus::Histogram& queue_wait_seconds_;
  prometheus::Counter& expired_leases_;
  prometheus::Counter& restarts_from_zero_;
  prometheus::Counter& checkpoints_passed_over_;
};

// Adds the gauges that mirror the store at each scrape: runs by state, workers, slots, bytes on the
// disk. The store outlives the endpoint that serves the registry. A writer that does not answer
// leaves the last known numbers.
void ExportStoreGauges(telemetry::MetricRegistry& registry, store::Store& store);

}  // namespace fp4::http
