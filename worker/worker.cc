#include "worker/worker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"

namespace fp4::worker {
namespace {

constexpr absl::Duration kBusyPause =
    absl::Milliseconds(50);  // between two looks at logs and processes
constexpr absl::Duration kIdlePause = absl::Milliseconds(500);
// Between two polls that brought only what could not be taken.
constexpr absl::Duration kFirstUntakenPause = absl::Milliseconds(250);
constexpr absl::Duration kLastUntakenPause = absl::Seconds(3);
constexpr absl::Duration kSweepInterval = absl::Minutes(1);
// After a refusal that a person has to do something about.
constexpr absl::Duration kFirstRefusedPause = absl::Seconds(1);
constexpr absl::Duration kLastRefusedPause = absl::Minutes(1);
constexpr absl::Duration kHastyFarewell = absl::Seconds(2);

}  // namespace

Worker::Worker(WorkerSettings settings, Introduction introduction, ControllerClient& client,
               Processes& processes, HostCheck& host, CheckpointCarrier& carrier,
               const Clock& clock, WorkerMetrics& metrics)
    : settings_(std::move(settings)),
      introduction_(std::move(introduction)),
      client_(client),
      processes_(processes),
      host_(host),
      carrier_(carrier),
      clock_(clock),
      metrics_(metrics),
      refused_pause_(kFirstRefusedPause, kLastRefusedPause, 4),
      register_("register", 1),
      acquire_("acquire", 2),
      renew_("renew", 3),
      untaken_pause_(kFirstUntakenPause, kLastUntakenPause, 5),
      idle_since_(now()) {
  metrics_.slots.Set(static_cast<double>(introduction_.slots.size()));
  for (const RunDirectory& directory : ListRunDirectories(settings_.run.work_dir)) {
    carrier_.Notice(directory.run_id());  // what was on its way goes on
    std::unique_ptr<Run> run = Run::Found(Context(), directory);
    if (run == nullptr) continue;
    LogInfo("run found", {{"run", run->lease().run_id},
                          {"attempt", run->lease().attempt},
                          {"alive", run->trainer_alive()},
                          {"last_seq", run->log().last_seq}});
    runs_.emplace(directory.run_id(), std::move(run));
  }
}

RunContext Worker::Context() {
  return {settings_.run, introduction_.slots, processes_, clock_, metrics_, carrier_};
}

Run* Worker::Find(const Held& lease) {
  auto found = runs_.find(lease.run_id);
  if (found == runs_.end() || found->second->lease() != lease) return nullptr;
  return found->second.get();
}

std::vector<Held> Worker::HeldLeases() const {
  std::vector<Held> leases;
  for (const auto& [id, run] : runs_) {
    if (!run->over() && !successors_.contains(id)) leases.push_back(run->lease());
  }
  for (const auto& [id, assignment] : successors_) leases.push_back(assignment.lease);
  return leases;
}

absl::Duration Worker::Step() {
  PollHost();
  PollRuns();
  SweepRuns();
  if (Retires()) Shutdown();
  if (!registered_) AskToRegister();
  if (registered_) {
    StartWaiting();
    AskToRenew();
    AskForWork();
    for (const auto& [id, run] : runs_) Report(*run);
  }
  SweepDirectories();
  UpdateMetrics();
  LimitFarewell();
  const bool idle = runs_.empty() && successors_.empty() && host_.known();
  return idle ? kIdlePause : kBusyPause;
}

// A change of what is wrong is told at once: the poll in flight says something else.
void Worker::PollHost() {
  host_.Poll();
  if (!acquire_.in_flight || announce_ || problem() == announced_) return;
  announce_ = true;
  client_.CancelAcquire();
}

void Worker::PollRuns() {
  for (const auto& [id, run] : runs_) {
    run->Poll();
    if (run->TakeSuspicion()) host_.Suspect();
  }
}

void Worker::StartWaiting() {
  std::set<int32_t> busy;
  for (const auto& [id, run] : runs_) {
    if (run->trainer_alive()) busy.insert(run->slots().begin(), run->slots().end());
  }
  for (const auto& [id, run] : runs_) {
    const auto taken = [&](int32_t slot) { return busy.contains(slot); };
    if (!run->waiting()) continue;
    if (!problem().empty()) {
      run->Refuse(problem());
      continue;
    }
    if (std::any_of(run->slots().begin(), run->slots().end(), taken)) continue;
    run->StartIfReady();
    if (run->trainer_alive()) busy.insert(run->slots().begin(), run->slots().end());
  }
}

void Worker::SweepRuns() {
  std::erase_if(runs_, [](const auto& entry) { return entry.second->over(); });
  for (auto next = successors_.begin(); next != successors_.end();) {
    if (runs_.contains(next->first)) {
      ++next;
      continue;
    }
    Assignment assignment = std::move(next->second);
    next = successors_.erase(next);
    if (!shutting_down_) Take(assignment);
  }
}

// Removes at most one directory a pass: a large one takes its time, and leases must be renewed.
void Worker::SweepDirectories() {
  if (now() < next_sweep_) return;
  next_sweep_ = now() + kSweepInterval;
  for (const RunDirectory& directory : ListRunDirectories(settings_.run.work_dir)) {
    if (runs_.contains(directory.run_id()) || successors_.contains(directory.run_id())) continue;
    if (clock_.Now() < directory.UnusedSince() + settings_.keep_finished) continue;
    if (!directory.LockForTrainer().ok()) continue;
    if (absl::Status removed = directory.Remove(); !removed.ok()) {
      LogWarning("run directory not cleared; trying again later",
                 {{"run", directory.run_id()}, {"error", removed.ToString()}});
      continue;
    }
    LogInfo("run directory cleared", {{"run", directory.run_id()}});
    carrier_.Notice(directory.run_id());
    next_sweep_ = now();
    return;
  }
}

void Worker::UpdateMetrics() {
  double busy = 0, unacknowledged = 0, speed = 0;
  for (const auto& [id, run] : runs_) {
    unacknowledged += static_cast<double>(run->num_unacknowledged());
    if (!run->trainer_alive()) continue;
    busy += static_cast<double>(run->slots().size());
    speed += run->log().tokens_per_second;
  }
  metrics_.slots_busy.Set(busy);
  metrics_.events_unacknowledged.Set(unacknowledged);
  metrics_.tokens_per_second.Set(speed);
  metrics_.registered.Set(registered_ ? 1 : 0);
  metrics_.fit.Set(host_.known() && problem().empty() ? 1 : 0);
}

bool Worker::Retires() {
  if (!runs_.empty() || !successors_.empty()) idle_since_ = now();
  if (shutting_down_ || acquire_.in_flight || register_.in_flight) return false;
  if (now() - idle_since_ < settings_.exit_idle) return false;
  LogInfo("no run for too long", {{"idle_s", absl::ToInt64Seconds(now() - idle_since_)}});
  return true;
}

void Worker::Shutdown() {
  hastened_ = shutting_down_;
  shutting_down_ = true;
  LogInfo(hastened_ ? "stopping at once" : "stopping", {{"runs", runs_.size()}});
  client_.CancelAcquire();
  successors_.clear();
  for (const auto& [id, run] : runs_) {
    run->Stop(StopReason::kShutdown);
    if (hastened_) run->Hasten();
  }
  farewell_until_ = hastened_ ? now() + kHastyFarewell : absl::InfiniteDuration();
}

// Once no trainer lives, what is left is deliveries, and those can also be made by the next worker
// of this directory.
void Worker::LimitFarewell() {
  if (!shutting_down_ || farewell_until_ != absl::InfiniteDuration()) return;
  const auto alive = [](const auto& entry) { return entry.second->trainer_alive(); };
  if (std::any_of(runs_.begin(), runs_.end(), alive)) return;
  farewell_until_ = now() + (registered_ ? settings_.farewell : kHastyFarewell);
}

bool Worker::Done() const {
  if (!shutting_down_) return false;
  if (runs_.empty()) return true;
  return now() >= farewell_until_;
}

}  // namespace fp4::worker
