#include "server/core/decide.h"

#include <algorithm>

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
  auto worker = free.find(placement.worker_id);
  if (state.workers.at(placement.worker_id).standing.on_probation()) {
    free.erase(worker);  // one run at a time
    return;
  }
  std::erase_if(worker->second, [&](const Slot& slot) {
    return std::ranges::find(placement.slots, slot.index) != placement.slots.end();
  });
  if (worker->second.empty()) free.erase(worker);
}

void AssignRuns(const ClusterState& state, absl::Duration now, std::vector<Action>& actions) {
  FreeSlots free = FindFreeSlots(state, now);
  if (free.empty()) return;
  QueueOrder queue(state, now);
  while (!free.empty()) {
    const QueueOrder::Run* next = queue.Pop();
    if (next == nullptr) return;
    const auto& [id, run] = *next;
    const std::set<std::string> passed_over = PassedOver(run, state, now);
    std::optional<Placement> placement = PlaceRun(run, free, passed_over);
    if (!placement) {
      // Slots only become fewer. But one that shall go elsewhere first says nothing about others.
      if (passed_over.empty()) queue.Drop(DemandOf(run.resources));
      continue;
    }
    Take(free, *placement, state);
    queue.CountAssigned(run);
    actions.push_back(
        AssignRun{id, run.attempt + 1, placement->worker_id, std::move(placement->slots)});
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
  AssignRuns(state, now, actions);
  return actions;
}

}  // namespace fp4::core
