// What holds for every cluster: random states, and random histories of one.
#include <gtest/gtest.h>
// Needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/decide.h"
#include "server/core/placement.h"
#include "server/core/queue_order.h"

namespace fp4::core {
namespace {

constexpr DecisionTiming kTiming;

// A cluster that lives: decisions are applied, trainers end, workers come and go, time passes.
class Cluster {
 public:
  void Step(int what, int which) {
    now_ += absl::Seconds(which % 4);
    switch (what % 6) {
      case 0:
        return AddRun(which);
      case 1:
        return AddWorker(which);
      case 2:
        return EndOne(which);
      case 3:
        return Report(which);
      case 4:
        return CancelOne(which);
      default:
        return DecideOnce();
    }
  }

  void DecideOnce() {
    state_.index = IndexOf(state_.runs);
    state_.policy.project_slots["limited"] = 2;
    const std::vector<Action> actions = Decide(state_, kTiming, now_);
    CheckPriorities(actions);
    CheckPreemptions(actions);
    CheckPlacements(actions);
    for (const Action& action : actions) Apply(action);
    state_.last_decision = now_;
    state_.index = IndexOf(state_.runs);
    CheckSlots();
  }

 private:
  void AddRun(int which) {
    RunEntry run;
    run.order = static_cast<int64_t>(state_.runs.size());
    run.experiment_order = which % 3;
    run.project = which % 3 == 0 ? "limited" : "free";
    run.created_by = which % 4 == 0 ? "a" : "b";
    run.resources.priority = which % 2;
    run.resources.gpus = which % 5 == 0 ? 1 + which % 3 : 0;
    run.queued_since = now_;
    run.max_restarts = which % 3;
    state_.runs.emplace(absl::StrCat("r", run.order), run);
  }
  void AddWorker(int which) {
    WorkerEntry worker;
    worker.polling = which % 4 != 0;
    if (which % 11 == 0) worker.unfit = "its disk is full";
    for (int i = 0; i < which % 3; ++i) {
      Slot slot;
      slot.index = i;
      slot.kind = which % 2 == 0 ? SlotKind::kGpu : SlotKind::kCpu;
      worker.slots.push_back(slot);
    }
    if (state_.workers.contains(absl::StrCat("w", which % 5))) return;  // its slots may be held
    state_.workers.emplace(absl::StrCat("w", which % 5), worker);
  }
  std::pair<const std::string, RunEntry>* Leased(int which) {
    std::vector<std::pair<const std::string, RunEntry>*> leased;
    for (auto& entry : state_.runs) {
      if (entry.second.lease) leased.push_back(&entry);
    }
    return leased.empty() ? nullptr : leased[which % leased.size()];
  }
  void Move(RunEntry& run, RunState next) {
    RC_ASSERT(IsLegal(run.state, next));
    RC_ASSERT(!IsFinished(run.state));
    run.state = next;
    if (!IsLeased(next)) run.lease.reset();
  }
  void Conclude(const std::string& id, RunEntry& run, const Verdict& verdict) {
    RC_ASSERT(IsLegal(run.state, verdict.next));
    // Nobody but the run pays for what was the worker's fault, and no free try goes on for ever.
    RC_ASSERT(!(verdict.uses_restart && verdict.blame == Blame::kWorker));
    RC_ASSERT(verdict.next != RunState::kQueued || verdict.uses_restart || !verdict.counts ||
              verdict.blame != Blame::kUnknown || run.progressed ||
              run.num_fruitless + 1 < kMaxFruitless);
    NoteEnd(state_.workers.at(run.last_worker_id).standing, id, run, verdict, now_);
    run = AfterVerdict(run, verdict, now_);
    RC_ASSERT(run.num_restarts <= run.max_restarts);
    RC_ASSERT(run.not_before <= now_ + absl::Minutes(5));
  }
  void EndOne(int which) {
    auto* entry = Leased(which);
    if (entry == nullptr) return;
    RunEntry* run = &entry->second;
    Exit exit{.cause = kExitCauses[static_cast<size_t>(which) % std::size(kExitCauses)],
              .exit_code = which % 4,
              .message = "",
              .stderr_tail = ""};
    if (which % 7 == 0) run->finished = FinishedWord{run->attempt, "completed", ""};
    Conclude(entry->first, *run, JudgeExit(*run, exit));
  }
  void Report(int which) {
    auto* entry = Leased(which);
    if (entry == nullptr) return;
    if (entry->second.state == RunState::kAssigned) Move(entry->second, RunState::kRunning);
    if (which % 2 == 0) entry->second.progressed = true;
  }
  void CancelOne(int which) {
    auto* entry = Leased(which);
    if (entry == nullptr || entry->second.state == RunState::kCancelling) return;
    Move(entry->second, RunState::kCancelling);
  }

  void Apply(const Action& action) {
    if (const auto* assign = std::get_if<AssignRun>(&action)) {
      RunEntry& run = state_.runs.at(assign->run_id);
      RC_ASSERT(run.state == RunState::kQueued);
      RC_ASSERT(!run.lease.has_value());
      RC_ASSERT(assign->attempt == run.attempt + 1);
      RC_ASSERT(run.not_before <= now_);
      run.last_worker_id = assign->worker_id;
      run.attempt = assign->attempt;
      run.lease = Lease{.worker_id = assign->worker_id,
                        .slots = assign->slots,
                        .expires = now_ + kTiming.lease_ttl,
                        .since = now_};
      Move(run, RunState::kAssigned);
    } else if (const auto* preempt = std::get_if<PreemptRun>(&action)) {
      RunEntry& run = state_.runs.at(preempt->run_id);
      RC_ASSERT(run.lease.has_value() && run.attempt == preempt->attempt);
      run.lease->preempted = true;
    } else if (const auto* expire = std::get_if<ExpireLease>(&action)) {
      RunEntry& run = state_.runs.at(expire->run_id);
      RC_ASSERT(run.lease->expires <= now_);
      RC_ASSERT(now_ - state_.last_decision <= kTiming.max_gap);
      Conclude(expire->run_id, run, expire->verdict);
    } else {
      for (auto& [id, run] : state_.runs) {
        if (run.lease) run.lease->expires = std::get<ExtendLeases>(action).expires;
      }
    }
  }

  // As of the state that the decision was made from: only workers that take work get any, those on
  // probation one run at a time, and no run goes where it shall not go first.
  void CheckPlacements(const std::vector<Action>& actions) {
    std::set<std::string> on_trial;
    for (const auto& [id, run] : state_.runs) {
      if (run.lease && !run.progressed) on_trial.insert(run.lease->worker_id);
    }
    for (const Action& action : actions) {
      const auto* assign = std::get_if<AssignRun>(&action);
      if (assign == nullptr) continue;
      const WorkerEntry& worker = state_.workers.at(assign->worker_id);
      RC_ASSERT(worker.polling);
      RC_ASSERT(WhyNoWork(worker, now_).empty());
      const RunEntry& run = state_.runs.at(assign->run_id);
      RC_ASSERT(!PassedOver(run, state_, now_).contains(assign->worker_id));
      const bool is_first = on_trial.insert(assign->worker_id).second;
      RC_ASSERT(is_first || !worker.standing.on_probation());
    }
  }

  // Room is made for more urgent runs only, by leases that have had their time, each once.
  void CheckPreemptions(const std::vector<Action>& actions) {
    std::set<std::string> preempted;
    for (const Action& action : actions) {
      const auto* preempt = std::get_if<PreemptRun>(&action);
      if (preempt == nullptr) continue;
      RC_ASSERT(preempted.insert(preempt->run_id).second);
      const RunEntry& run = state_.runs.at(preempt->run_id);
      const RunEntry& by = state_.runs.at(preempt->by_run_id);
      RC_ASSERT(run.lease.has_value() && !run.lease->preempted);
      RC_ASSERT(run.state != RunState::kCancelling);
      RC_ASSERT(by.state == RunState::kQueued && by.not_before <= now_);
      RC_ASSERT(by.resources.priority > run.resources.priority);
      RC_ASSERT(now_ - run.lease->since >= state_.policy.min_runtime);
    }
  }

  // No slot belongs to two leases, and each lease's slots exist.
  void CheckSlots() {
    RC_ASSERT(HeldSlots(state_).by_project["limited"] <= 2);
    std::set<std::pair<std::string, int32_t>> taken;
    for (const auto& [id, run] : state_.runs) {
      RC_ASSERT(run.lease.has_value() == IsLeased(run.state));
      if (!run.lease) continue;
      RC_ASSERT(!run.lease->slots.empty());
      for (int32_t slot : run.lease->slots) {
        RC_ASSERT(taken.emplace(run.lease->worker_id, slot).second);
      }
    }
  }

  // Nobody of a higher priority who would have fitted the same slots stays behind.
  void CheckPriorities(const std::vector<Action>& actions) {
    std::set<std::string> assigned;
    for (const Action& action : actions) {
      if (const auto* assign = std::get_if<AssignRun>(&action)) assigned.insert(assign->run_id);
    }
    for (const std::string& id : assigned) {
      const RunEntry& run = state_.runs.at(id);
      for (const auto& [other_id, other] : state_.runs) {
        if (other.state != RunState::kQueued || assigned.contains(other_id)) continue;
        if (other.not_before > now_ || !PassedOver(other, state_, now_).empty()) continue;
        if (other.project == "limited") continue;  // it may have all that it may
        RC_ASSERT(other.resources.gpus != run.resources.gpus ||
                  other.resources.priority <= run.resources.priority);
      }
    }
  }

  ClusterState state_;
  absl::Duration now_ = absl::Hours(1);
};

RC_GTEST_PROP(DecideProperty, AHistoryNeverGivesASlotTwiceNorLeavesAFinishedRun,
              (const std::vector<std::pair<uint8_t, uint8_t>>& steps)) {
  Cluster cluster;
  for (const auto& [what, which] : steps) {
    cluster.Step(what, which);
    cluster.DecideOnce();
  }
}

RC_GTEST_PROP(DecideProperty, TheSameStateGivesTheSameActions, (uint8_t num_runs, uint8_t slots)) {
  ClusterState state;
  for (int i = 0; i < num_runs; ++i) state.runs[absl::StrCat("r", i)].order = i;
  WorkerEntry& worker = state.workers["w"];
  worker.polling = true;
  for (int i = 0; i < slots; ++i) {
    worker.slots.emplace_back();
    worker.slots.back().index = i;
  }
  const size_t expected = std::min(num_runs, slots);
  state.index = IndexOf(state.runs);
  const auto first = Decide(state, kTiming, absl::Hours(1));
  RC_ASSERT(first.size() == expected + 1);  // and ExtendLeases
  RC_ASSERT(Decide(state, kTiming, absl::Hours(1)).size() == first.size());
}

// What decide.h promises, written down plainly: of all queued runs that fit somewhere the first by
// rank, again and again.
std::vector<std::string> PlainAssignments(const ClusterState& state) {
  constexpr absl::Duration kNow = absl::Hours(1);
  FreeSlots free = FindFreeSlots(state, kNow);
  const auto place = [&](const RunEntry& run) {
    return PlaceRun(run, free, PassedOver(run, state, kNow));
  };
  HeldSlots held(state);
  std::map<std::string, const RunEntry*> queued;
  for (const auto& [id, run] : state.runs) {
    if (run.state == RunState::kQueued) queued.emplace(id, &run);
  }
  std::vector<std::string> assigned;
  while (true) {
    const auto rank = [&](const std::string& id) {
      const RunEntry& run = *queued.at(id);
      return std::tuple(-run.resources.priority, held.by_project[run.project],
                        held.by_user[{run.project, run.created_by}],
                        held.by_experiment[run.experiment_order], run.experiment_order, run.order);
    };
    std::string best;
    for (const auto& [id, run] : queued) {
      if (place(*run) && (best.empty() || rank(id) < rank(best))) best = id;
    }
    if (best.empty()) return assigned;
    const Placement placement = *place(*queued.at(best));
    std::erase_if(free[placement.worker_id], [&](const Slot& slot) {
      return std::ranges::count(placement.slots, slot.index) > 0;
    });
    held.Add(*queued.at(best), static_cast<int64_t>(placement.slots.size()));
    queued.erase(best);
    assigned.push_back(best);
  }
}

RC_GTEST_PROP(DecideProperty, AssignsWhatThePlainRuleAssigns,
              (const std::vector<uint16_t>& runs, const std::vector<uint8_t>& slots)) {
  ClusterState state;
  for (size_t i = 0; i < runs.size(); ++i) {
    RunEntry& run = state.runs[absl::StrCat("r", i)];
    run.order = static_cast<int64_t>(i);
    run.experiment_order = runs[i] % 3;
    run.resources.priority = runs[i] / 3 % 2;
    run.resources.gpus_auto = runs[i] / 6 % 3 == 0;
    run.resources.gpus = runs[i] / 18 % 3;
    run.project = runs[i] % 2 == 0 ? "p" : "q";  // one for each experiment
    run.project += std::to_string(run.experiment_order);
    if (runs[i] % 7 < 5) run.project = "shared";
    run.created_by = run.experiment_order == 1 ? "a" : "b";
    run.queued_since = absl::Hours(1);  // nothing is kept for it yet
    if (runs[i] % 5 == 0) run.avoided[absl::StrCat("w", runs[i] % 3)] = absl::Hours(2);
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    WorkerEntry& worker = state.workers[absl::StrCat("w", slots[i] % 3)];
    worker.polling = true;
    worker.slots.emplace_back();
    worker.slots.back().index = static_cast<int32_t>(i);
    worker.slots.back().kind = slots[i] / 3 % 2 == 0 ? SlotKind::kCpu : SlotKind::kGpu;
  }
  state.index = IndexOf(state.runs);
  std::vector<std::string> assigned;
  for (const Action& action : Decide(state, kTiming, absl::Hours(1))) {
    if (const auto* assign = std::get_if<AssignRun>(&action)) assigned.push_back(assign->run_id);
  }
  RC_ASSERT(assigned == PlainAssignments(state));
}

// A run that wants a whole worker beside a stream of small ones that would take its slots one by
// one: it starts when it has waited for reserve_after and those that held the slots then have
// ended.
RC_GTEST_PROP(DecideProperty, SmallRunsDoNotStarveALargeOne, (std::vector<uint8_t> lengths)) {
  constexpr int kSlots = 4, kLongest = 40;
  ClusterState state;
  WorkerEntry& worker = state.workers["w"];
  worker.polling = true;
  for (int i = 0; i < kSlots; ++i) {
    Slot slot;
    slot.index = i;
    slot.kind = SlotKind::kGpu;
    worker.slots.push_back(slot);
  }
  absl::Duration now = absl::Hours(1);
  std::map<std::string, absl::Duration> ends;
  int64_t num_runs = 0;
  const auto add = [&](int64_t gpus, int64_t experiment) {
    RunEntry& run = state.runs[absl::StrCat("r", num_runs)];
    run.order = num_runs++;
    run.experiment_order = experiment;
    run.resources.gpus = gpus;
    run.queued_since = now;
  };
  add(kSlots, 1);
  for (int second = 0; second < 60 + 2 * kLongest; ++second, now += absl::Seconds(1)) {
    while (std::ranges::count_if(state.runs, [](const auto& entry) {
             return entry.second.state == RunState::kQueued;
           }) < kSlots + 1) {
      add(1, 2);
    }
    std::erase_if(state.runs, [&](const auto& entry) {
      return ends.contains(entry.first) && ends.at(entry.first) <= now;
    });
    state.index = IndexOf(state.runs);
    for (const Action& action : Decide(state, kTiming, now)) {
      const auto* assign = std::get_if<AssignRun>(&action);
      if (assign == nullptr) continue;
      if (assign->run_id == "r0") return;
      RunEntry& run = state.runs.at(assign->run_id);
      run.state = RunState::kRunning;
      run.attempt = assign->attempt;
      run.lease = Lease{.worker_id = "w",
                        .slots = assign->slots,
                        .expires = absl::InfiniteDuration(),
                        .since = now};
      const size_t length = lengths.empty() ? 7 : lengths[ends.size() % lengths.size()] % kLongest;
      ends[assign->run_id] = now + absl::Seconds(1 + length);
    }
    state.last_decision = now;
  }
  RC_FAIL("the large run never started");
}

// No slot is left idle that a queued run would fit, unless it is kept for a large one or the run's
// project has all that it may have.
RC_GTEST_PROP(DecideProperty, LeavesNoSlotIdleThatARunWouldFit,
              (const std::vector<uint8_t>& runs, uint8_t num_slots)) {
  ClusterState state;
  WorkerEntry& worker = state.workers["w"];
  worker.polling = true;
  for (int i = 0; i < num_slots % 8; ++i) {
    worker.slots.emplace_back();
    worker.slots.back().index = i;
    worker.slots.back().kind = i % 2 == 0 ? SlotKind::kGpu : SlotKind::kCpu;
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    RunEntry& run = state.runs[absl::StrCat("r", i)];
    run.order = static_cast<int64_t>(i);
    run.resources.gpus = runs[i] % 3;
    run.queued_since = absl::Hours(1);
  }
  state.index = IndexOf(state.runs);
  FreeSlots free = FindFreeSlots(state, absl::Hours(1));
  std::set<std::string> assigned;
  for (const Action& action : Decide(state, kTiming, absl::Hours(1))) {
    const auto* assign = std::get_if<AssignRun>(&action);
    if (assign == nullptr) continue;
    assigned.insert(assign->run_id);
    TakeSlots(free, {assign->worker_id, assign->slots});
  }
  for (const auto& [id, run] : state.runs) {
    RC_ASSERT(assigned.contains(id) || !PlaceRun(run, free).has_value());
  }
}

}  // namespace
}  // namespace fp4::core
