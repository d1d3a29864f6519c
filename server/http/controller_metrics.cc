#include "server/http/controller_metrics.h"

#include <map>
#include <optional>
#include <string>

#include "base/health_codes.h"
#include "base/mutex.h"
#include "base/version.h"
#include "server/store/store.h"

namespace fp4::http {
namespace {

constexpr absl::Duration kMaxWaitForWriter = absl::Milliseconds(500);

std::vector<double> QueueWaitBounds() {
  return {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400};
}

// What the writer's thread tells, waited for by the scraping thread. Shared, because an answer may
// come after the waiting has been given up.
template <typename Reply>
struct WriterAnswer {
  Mutex mutex;
  CondVar arrived;
  bool done ABSL_GUARDED_BY(mutex) = false;
  Reply reply ABSL_GUARDED_BY(mutex);
};

// Nothing: no answer in time. `ask` gets the callback to answer with.
template <typename Reply, typename Question>
std::optional<Reply> AskWriter(const Question& ask) {
  auto answer = std::make_shared<WriterAnswer<Reply>>();
  ask([answer](absl::StatusOr<Reply> reply) {
    MutexLock lock(answer->mutex);
    if (reply.ok()) answer->reply = *std::move(reply);
    answer->done = true;
    answer->arrived.NotifyAll();
  });
  MutexLock lock(answer->mutex);
  while (!answer->done) {
    if (!answer->arrived.WaitFor(lock, kMaxWaitForWriter) && !answer->done) return std::nullopt;
  }
  return std::move(answer->reply);
}

class StoreGauges {
 public:
  StoreGauges(telemetry::MetricRegistry& registry, store::Store& store)
      : store_(store),
        registry_(registry),
        connected_(registry.Gauge("fp4_controller_workers", "Workers known, by connection.",
                                  {{"connected", "true"}})),
        disconnected_(registry.Gauge("fp4_controller_workers", "Workers known, by connection.",
                                     {{"connected", "false"}})),
        unfit_(registry.Gauge("fp4_controller_workers_unfit",
                              "Connected workers that get no work: unfit, or paused after "
                              "failures.")),
        draining_(registry.Gauge("fp4_controller_workers_draining",
                                 "Connected workers that somebody has drained.")),
        size_(registry.Gauge("fp4_controller_store_size_bytes",
                             "Database and write-ahead log on the disk.")) {
    registry
        .Gauge("fp4_controller_build_info", "1; the version is a label.",
               {{"version", std::string(Version())}})
        .Set(1);
  }

  void Refresh() {
    const std::map<core::RunState, int64_t> counts = store_.CountRuns();
    for (core::RunState state : core::kRunStates) {
      const auto count = counts.find(state);
      registry_
          .Gauge("fp4_controller_runs", "Runs by state.",
                 {{"state", std::string(core::RunStateName(state))}})
          .Set(count == counts.end() ? 0 : static_cast<double>(count->second));
    }
    size_.Set(static_cast<double>(store_.SizeBytes()));
    const auto workers = AskWriter<std::vector<store::WorkerRecord>>(
        [&](auto done) { store_.ListWorkers(std::move(done)); });
    if (workers) ShowWorkers(*workers);
    const auto waiting = AskWriter<std::map<std::string, int64_t>>(
        [&](auto done) { store_.CountWaiting(std::move(done)); });
    if (waiting) ShowWaiting(*waiting);
  }

 private:
  prometheus::Gauge& Slots(const char* name, const char* help, core::SlotKind kind) {
    return registry_.Gauge(name, help, {{"kind", kind == core::SlotKind::kGpu ? "gpu" : "cpu"}});
  }

  void ShowWaiting(const std::map<std::string, int64_t>& counts) {
    for (const auto& [reason, count] : counts) {
      registry_
          .Gauge("fp4_controller_queued_runs", "Queued runs by what they wait for.",
                 {{"reason", reason}})
          .Set(static_cast<double>(count));
    }
  }

  void ShowWorkers(const std::vector<store::WorkerRecord>& workers) {
    std::map<core::SlotKind, int> total, busy;
    int connected = 0, unfit = 0, draining = 0;
    for (const store::WorkerRecord& worker : workers) {
      if (!worker.connected) continue;
      ++connected;
      const bool drained = worker.drain != core::Drain::kNone;
      if (drained) ++draining;
      if (!drained && !worker.problem.empty()) ++unfit;
      for (const core::Slot& slot : worker.slots) {
        ++total[slot.kind];
        if (worker.run_of_slot.contains(slot.index)) ++busy[slot.kind];
      }
    }
    connected_.Set(connected);
    unfit_.Set(unfit);
    draining_.Set(draining);
    disconnected_.Set(static_cast<double>(workers.size()) - connected);
    for (core::SlotKind kind : {core::SlotKind::kCpu, core::SlotKind::kGpu}) {
      Slots("fp4_controller_slots", "Slots of connected workers.", kind).Set(total[kind]);
      Slots("fp4_controller_slots_busy", "Slots of connected workers that a run holds.", kind)
          .Set(busy[kind]);
    }
  }

  store::Store& store_;
  telemetry::MetricRegistry& registry_;
  prometheus::Gauge& connected_;
  prometheus::Gauge& disconnected_;
  prometheus::Gauge& unfit_;
  prometheus::Gauge& draining_;
  prometheus::Gauge& size_;
};

}  // namespace

namespace {

prometheus::Counter& TransitionCounter(telemetry::MetricRegistry& registry, core::RunState from,
                                       core::RunState to) {
  return registry.Counter("fp4_controller_run_transitions_total", "Changes of a run's state.",
                          {{"from", std::string(core::RunStateName(from))},
                           {"to", std::string(core::RunStateName(to))}});
}

// A label's values must be few: codes that this release does not know are one.
prometheus::Counter& FindingCounter(telemetry::MetricRegistry& registry, std::string_view code) {
  const bool known = health_code::Find(code) != nullptr;
  return registry.Counter("fp4_controller_findings_total", "Health events stored, by their code.",
                          {{"code", known ? std::string(code) : "other"}});
}

}  // namespace

StoreMetrics::StoreMetrics(telemetry::MetricRegistry& registry, WriterHealth& health,
                           artifacts::DiskGuard& disk)
    : registry_(registry),
      health_(health),
      disk_(disk),
      commit_seconds_(registry.Histogram("fp4_controller_commit_duration_seconds",
                                         "From BEGIN until the transaction was durable.",
                                         telemetry::LatencyBounds())),
      commit_requests_(registry.Histogram("fp4_controller_commit_requests",
                                          "Requests that shared one transaction.",
                                          {1, 2, 5, 10, 20, 50, 100, 200, 500})),
      commit_failures_(registry.Counter("fp4_controller_commit_failures_total",
                                        "Transactions that could not be made durable.")),
      points_(registry.Counter("fp4_controller_points_total", "Metric points stored.")),
      events_(registry.Counter("fp4_controller_events_total", "Events stored, of all kinds.")),
      decide_seconds_(registry.Histogram("fp4_controller_scheduling_duration_seconds",
                                         "One decision over all runs and workers.",
                                         telemetry::LatencyBounds())),
      queue_wait_seconds_(registry.Histogram("fp4_controller_queue_wait_seconds",
                                             "From queued to assigned.", QueueWaitBounds())),
      expired_leases_(registry.Counter("fp4_controller_leases_expired_total",
                                       "Leases that nobody renewed in time.")),
      restarts_from_zero_(
          registry.Counter("fp4_controller_restarts_from_zero_total",
                           "Attempts that began at step 0 although steps had been made.")),
      checkpoints_passed_over_(
          registry.Counter("fp4_controller_checkpoints_passed_over_total",
                           "Attempts that did not use the newest stored checkpoint.")) {
  for (const core::Transition& step : core::Transitions()) {
    TransitionCounter(registry, step.from, step.to);
  }
  for (const health_code::HealthCode& row : health_code::kTable) FindingCounter(registry, row.code);
  FindingCounter(registry, "");
}

void StoreMetrics::OnCommit(size_t num_requests, absl::Duration duration) {
  disk_.NoteCommit(duration);
  commit_seconds_.Observe(absl::ToDoubleSeconds(duration));
  commit_requests_.Observe(static_cast<double>(num_requests));
}

void StoreMetrics::OnCommitFailed() { commit_failures_.Increment(); }

void StoreMetrics::OnStored(size_t num_points, size_t num_events) {
  points_.Increment(static_cast<double>(num_points));
  events_.Increment(static_cast<double>(num_events));
}

void StoreMetrics::OnDecide(absl::Duration duration) {
  decide_seconds_.Observe(absl::ToDoubleSeconds(duration));
  health_.Beat();
}

void StoreMetrics::OnAssigned(absl::Duration queue_wait) {
  queue_wait_seconds_.Observe(absl::ToDoubleSeconds(queue_wait));
}

void StoreMetrics::OnLeaseExpired() { expired_leases_.Increment(); }

void StoreMetrics::OnFinding(std::string_view code) { FindingCounter(registry_, code).Increment(); }

void StoreMetrics::OnResumptions(size_t num_from_zero, size_t num_passed_over) {
  restarts_from_zero_.Increment(static_cast<double>(num_from_zero));
  checkpoints_passed_over_.Increment(static_cast<double>(num_passed_over));
}

void StoreMetrics::OnTransition(core::RunState from, core::RunState to) {
  TransitionCounter(registry_, from, to).Increment();
}

void ExportStoreGauges(telemetry::MetricRegistry& registry, store::Store& store) {
  auto gauges = std::make_shared<StoreGauges>(registry, store);
  registry.OnCollect([gauges] { gauges->Refresh(); });
}

}  // namespace fp4::http
