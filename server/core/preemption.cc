#include "server/core/preemption.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

#include "server/core/queue_order.h"

namespace fp4::core {
namespace {

using Run = std::pair<const std::string, RunEntry>;

bool IsStopping(const RunEntry& run) {
  return run.state == RunState::kCancelling || run.lease->preempted;
}

const Slot* FindSlot(const WorkerEntry& worker, int32_t index) {
  const auto found = std::ranges::find(worker.slots, index, &Slot::index);
  return found == worker.slots.end() ? nullptr : &*found;
}

void AddSlots(const ClusterState& state, const Lease& lease, FreeSlots& free) {
  const WorkerEntry& worker = state.workers.at(lease.worker_id);
  for (int32_t index : lease.slots) {
    if (const Slot* slot = FindSlot(worker, index)) free[lease.worker_id].push_back(*slot);
  }
}

// The leases on a worker that may make room for the run, those that lose least first.
std::vector<const Run*> Candidates(const ClusterState& state, const std::string& worker_id,
                                   const RunEntry& run, const std::set<std::string>& chosen,
                                   absl::Duration now) {
  std::vector<const Run*> candidates;
  for (const std::string& id : state.index.leased) {
    const Run& leased = *state.runs.find(id);
    const RunEntry& other = leased.second;
    const bool may = other.lease->worker_id == worker_id && !IsStopping(other) &&
                     !chosen.contains(id) && other.resources.priority < run.resources.priority &&
                     now - other.lease->since >= state.policy.min_runtime;
    if (may) candidates.push_back(&leased);
  }
  std::ranges::stable_sort(candidates, {}, [](const Run* leased) {
    return std::tuple(leased->second.resources.priority, -leased->second.lease->since);
  });
  return candidates;
}

struct Room {
  std::vector<const Run*> victims;
  Placement placement;
  // The smaller, the better.
  std::tuple<int64_t, size_t, absl::Duration> Cost(absl::Duration now) const {
    absl::Duration lost;
    for (const Run* victim : victims) lost += now - victim->second.lease->since;
    return {victims.back()->second.resources.priority, victims.size(), lost};
  }
};

// Of one worker, with what is free there; nothing when even all candidates would not do.
std::optional<Room> RoomOn(const ClusterState& state, const std::string& worker_id,
                           const RunEntry& run, const FreeSlots& free,
                           const std::set<std::string>& chosen, absl::Duration now) {
  FreeSlots here;
  if (const auto slots = free.find(worker_id); slots != free.end()) here.insert(*slots);
  Room room;
  for (const Run* candidate : Candidates(state, worker_id, run, chosen, now)) {
    FreeSlots alone;
    AddSlots(state, *candidate->second.lease, alone);
    const auto kinds = FittingByKind(run.resources, alone[worker_id]);
    const bool helps = std::ranges::any_of(kinds, [](const auto& kind) { return !kind.empty(); });
    if (!helps) continue;
    AddSlots(state, *candidate->second.lease, here);
    room.victims.push_back(candidate);
    if (std::optional<Placement> placement = PlaceRun(run, here)) {
      room.placement = *std::move(placement);
      return room;
    }
  }
  return std::nullopt;
}

std::optional<Room> FindRoom(const ClusterState& state, const RunEntry& run, const FreeSlots& free,
                             const std::set<std::string>& chosen, absl::Duration now) {
  std::optional<Room> best;
  for (const auto& [id, worker] : state.workers) {
    if (!TakesWork(worker, now)) continue;
    std::optional<Room> room = RoomOn(state, id, run, free, chosen, now);
    if (room && (!best || room->Cost(now) < best->Cost(now))) best = std::move(room);
  }
  return best;
}

int64_t LowestLeasedPriority(const ClusterState& state) {
  int64_t lowest = std::numeric_limits<int64_t>::max();
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    if (!IsStopping(run)) lowest = std::min(lowest, run.resources.priority);
  }
  return lowest;
}

// What ends anyway is there for the taking.
void AddStopping(const ClusterState& state, absl::Duration now, FreeSlots& free) {
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    const auto worker = state.workers.find(run.lease->worker_id);
    if (worker == state.workers.end() || !TakesWork(worker->second, now)) continue;
    if (IsStopping(run)) AddSlots(state, *run.lease, free);
  }
}

}  // namespace

std::vector<PreemptRun> ChoosePreemptions(const ClusterState& state, FreeSlots free,
                                          const std::vector<std::string>& assigned,
                                          absl::Duration now) {
  std::vector<PreemptRun> preemptions;
  const int64_t lowest = LowestLeasedPriority(state);
  if (state.index.queued.empty() || -state.index.queued.begin()->first.minus_priority <= lowest) {
    return preemptions;
  }
  AddStopping(state, now, free);
  const std::set<std::string> started(assigned.begin(), assigned.end());
  std::set<std::string> chosen;
  QueueOrder queue(state, now);
  while (const Run* next = queue.Pop()) {
    const auto& [id, run] = *next;
    if (run.resources.priority <= lowest) break;
    if (started.contains(id)) continue;
    if (IsOverLimit(run, state, queue.held())) {
      queue.DropOf(run.project, DemandOf(run.resources));
      continue;
    }
    std::optional<Placement> placement = PlaceRun(run, free);
    if (!placement) {
      std::optional<Room> room = FindRoom(state, run, free, chosen, now);
      if (!room) {
        queue.Drop(DemandOf(run.resources));
        continue;
      }
      for (const Run* victim : room->victims) {
        chosen.insert(victim->first);
        AddSlots(state, *victim->second.lease, free);
        preemptions.push_back({victim->first, victim->second.attempt, id});
      }
      placement = std::move(room->placement);
    }
    TakeSlots(free, *placement);
    queue.CountAssigned(run, static_cast<int64_t>(placement->slots.size()));
  }
  return preemptions;
}

}  // namespace fp4::core
