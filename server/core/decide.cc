#include "server/core/decide.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "server/core/placement.h"
#include "server/core/queue_order.h"

namespace fp4::core {
namespace {

bool WasAbsent(const ClusterState& state, const DecisionTiming& timing, absl::Duration now) {
  return now - state.last_decision > timing.max_gap;
}

void ExpireLeases(const ClusterState& state, absl::Duration now, std::vector<Action>& actions) {
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    if (run.lease->expires <= now) {
      actions.push_back(ExpireLease{id, run.attempt, JudgeExpiry(run)});
    }
  }
}

void Take(FreeSlots& free, const Placement& placement, const ClusterState& state) {
  if (state.workers.at(placement.worker_id).standing.on_probation()) {
    free.erase(placement.worker_id);  // one run at a time
  } else {
    TakeSlots(free, placement);
  }
}

// Takes the free slots of one worker that the run would fit, if others ended, out of those that
// less urgent runs get: of the worker where the most are free, the smallest id of equals. `kept`
// are all that were taken out so.
void Reserve(const RunEntry& run, const ClusterState& state,
             const std::set<std::string>& passed_over, absl::Duration now, FreeSlots& kept,
             FreeSlots& free) {
  const auto count = static_cast<size_t>(NumSlots(run.resources));
  const auto kind_that_fits = [&](const std::vector<Slot>& slots) -> std::vector<int32_t> {
    for (std::vector<int32_t>& kind : FittingByKind(run.resources, slots)) {
      if (!kind.empty()) return std::move(kind);
    }
    return {};
  };
  std::string best;
  size_t most = 0;
  for (const auto& [id, worker] : state.workers) {
    if (!TakesWork(worker, now) || kept.contains(id) || passed_over.contains(id)) continue;
    if (FittingByKind(run.resources, worker.slots).front().size() < count) continue;
    const auto slots = free.find(id);
    const size_t num_free = slots == free.end() ? 0 : kind_that_fits(slots->second).size();
    if (best.empty() || num_free > most) best = id;
    most = std::max(most, num_free);
  }
  if (best.empty()) return;
  std::vector<Slot>& own = kept[best];
  const auto slots = free.find(best);
  if (slots == free.end()) return;
  const std::vector<int32_t> fitting = kind_that_fits(slots->second);
  std::ranges::copy_if(slots->second, std::back_inserter(own), [&](const Slot& slot) {
    return std::ranges::count(fitting, slot.index) > 0;
  });
  TakeSlots(free, {best, fitting});
}

// Gives what is left of the free slots, those that are kept for a run included.
FreeSlots AssignRuns(const ClusterState& state, absl::Duration now, std::vector<Action>& actions) {
  FreeSlots free = FindFreeSlots(state, now);
  if (free.empty()) return free;
  QueueOrder queue(state, now);
  FreeSlots kept;
  while (!free.empty()) {
    const QueueOrder::Run* next = queue.Pop();
    if (next == nullptr) break;
    const auto& [id, run] = *next;
    if (IsOverLimit(run, state, queue.held())) {
      queue.DropOf(run.project, DemandOf(run.resources));
      continue;
    }
    const std::set<std::string> passed_over = PassedOver(run, state, now);
    std::optional<Placement> placement = PlaceRun(run, free, passed_over);
    if (!placement) {
      if (NumSlots(run.resources) > 1 && now - run.queued_since >= state.policy.reserve_after) {
        Reserve(run, state, passed_over, now, kept, free);
      }
      // Slots only become fewer. But one that shall go elsewhere first says nothing about others.
      if (passed_over.empty()) queue.Drop(DemandOf(run.resources));
      continue;
    }
    Take(free, *placement, state);
    queue.CountAssigned(run, static_cast<int64_t>(placement->slots.size()));
    actions.push_back(
        AssignRun{id, run.attempt + 1, placement->worker_id, std::move(placement->slots)});
  }
  for (auto& [id, slots] : kept) std::ranges::move(slots, std::back_inserter(free[id]));
  return free;
}

void PreemptRuns(const ClusterState& state, FreeSlots free, absl::Duration now,
                 std::vector<Action>& actions) {
  std::vector<std::string> assigned;
  for (const Action& action : actions) {
    if (const auto* assign = std::get_if<AssignRun>(&action)) assigned.push_back(assign->run_id);
  }
  for (PreemptRun& preemption : ChoosePreemptions(state, std::move(free), assigned, now)) {
    actions.emplace_back(std::move(preemption));
  }
}

}  // namespace

std::vector<Action> Decide(const ClusterState& state, const DecisionTiming& timing,
                           absl::Duration now) {
  std::vector<Action> actions;
  if (WasAbsent(state, timing, now)) {
    actions.push_back(ExtendLeases{now + timing.lease_ttl});
  } else {
    ExpireLeases(state, now, actions);
  }
  FreeSlots free = AssignRuns(state, now, actions);
  PreemptRuns(state, std::move(free), now, actions);
  return actions;
}

}  // namespace fp4::core
