#include "server/provision/provisioner.h"

#include <map>
#include <string>

#include "base/backoff.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "server/store/store.h"

namespace fp4::provision {
namespace {

using core::RunState;

constexpr absl::Duration kInterval = absl::Seconds(2);
constexpr absl::Duration kFirstFailurePause = absl::Seconds(2);
constexpr absl::Duration kLastFailurePause = absl::Minutes(2);

Demand DemandOf(const std::map<RunState, int64_t>& counts) {
  const auto of = [&](RunState state) {
    const auto found = counts.find(state);
    return found == counts.end() ? 0 : found->second;
  };
  return {.queued = of(RunState::kQueued),
          .leased = of(RunState::kAssigned) + of(RunState::kRunning) + of(RunState::kCancelling)};
}

}  // namespace

Provisioner::Metrics::Metrics(telemetry::MetricRegistry& registry)
    : waiting(registry.Gauge("fp4_controller_provision_jobs",
                             "Jobs of the cluster that are workers of this controller",
                             {{"state", "waiting"}})),
      running(registry.Gauge("fp4_controller_provision_jobs",
                             "Jobs of the cluster that are workers of this controller",
                             {{"state", "running"}})),
      pause_seconds(registry.Gauge("fp4_controller_provision_pause_seconds",
                                   "Until workers are asked for again: those that came took no "
                                   "run. 0: no pause")),
      submitted(
          registry.Counter("fp4_controller_provision_submitted_total", "Jobs that were submitted")),
      cancelled(registry.Counter("fp4_controller_provision_cancelled_total",
                                 "Jobs that were cancelled before they ran")),
      failures(registry.Counter("fp4_controller_provision_failures_total",
                                "Calls of the cluster's programs that failed")) {}

Provisioner::Provisioner(std::unique_ptr<Engine> engine, const PilotLimits& limits,
                         const store::Store& store, const Clock& clock,
                         telemetry::MetricRegistry& registry)
    : engine_(std::move(engine)),
      planner_(limits),
      store_(store),
      clock_(clock),
      metrics_(registry),
      thread_([this] { Run(); }) {}

Provisioner::~Provisioner() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

bool Provisioner::StopsWithin(absl::Duration pause) {
  const absl::Time until = absl::Now() + pause;
  MutexLock lock(mutex_);
  while (!stopping_ && absl::Now() < until) changed_.WaitFor(lock, until - absl::Now());
  return stopping_;
}

void Provisioner::Run() {
  Backoff backoff(kFirstFailurePause, kLastFailurePause, 11);
  bool failing = false;
  absl::Duration pause = kInterval;
  while (!StopsWithin(pause)) {
    const absl::Status status = Look();
    pause = status.ok() ? kInterval : backoff.Next();
    if (status.ok()) backoff.Reset();
    if (status.ok() && failing) LogInfo("the cluster answers again", {{"engine", engine_->name()}});
    if (!status.ok()) metrics_.failures.Increment();
    if (!status.ok() && !failing) {
      LogWarning("the cluster cannot be asked for workers; trying again",
                 {{"engine", engine_->name()}, {"error", std::string(status.message())}});
    }
    failing = !status.ok();
  }
}

absl::Status Provisioner::Look() {
  const Demand demand = DemandOf(store_.CountRuns());
  // Nothing to ask for, and nothing to take back.
  if (demand.queued == 0 && !any_jobs_) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const std::vector<PilotJob> jobs, engine_->List());
  any_jobs_ = !jobs.empty();
  int64_t running = 0;
  for (const PilotJob& job : jobs) running += job.running ? 1 : 0;
  metrics_.running.Set(static_cast<double>(running));
  metrics_.waiting.Set(static_cast<double>(static_cast<int64_t>(jobs.size()) - running));
  const PilotPlan plan = planner_.Plan(demand, jobs, clock_.SinceBoot());
  TellPause(plan.pause, demand.queued);
  return Act(plan);
}

void Provisioner::TellPause(absl::Duration pause, int64_t queued) {
  metrics_.pause_seconds.Set(absl::ToDoubleSeconds(pause));
  const bool paused = pause > absl::ZeroDuration();
  if (paused && !paused_) {
    LogWarning(
        "workers of the cluster came and took no run; asking again later",
        {{"engine", engine_->name()},
         {"queued", queued},
         {"pause_s", absl::ToInt64Seconds(pause)},
         {"advice", "fp4ctl queue tells what the runs need, the jobs' logs why workers end"}});
  }
  paused_ = paused;
}

absl::Status Provisioner::Act(const PilotPlan& plan) {
  if (!plan.cancel.empty()) {
    FP4_RETURN_IF_ERROR(engine_->Cancel(plan.cancel));
    metrics_.cancelled.Increment(static_cast<double>(plan.cancel.size()));
    LogInfo("jobs cancelled", {{"engine", engine_->name()}, {"jobs", plan.cancel.size()}});
  }
  for (int64_t i = 0; i < plan.submit; ++i) {
    FP4_ASSIGN_OR_RETURN(const std::string id, engine_->Submit());
    any_jobs_ = true;
    metrics_.submitted.Increment();
    LogInfo("worker asked for", {{"engine", engine_->name()}, {"job", id}});
  }
  return absl::OkStatus();
}

}  // namespace fp4::provision
