#include "server/core/decide.h"

#include <algorithm>
#include <tuple>

#include "server/core/placement.h"

namespace fp4::core {
namespace {

using Run = std::pair<const std::string, RunEntry>;

bool WasAbsent(const ClusterState& state, const DecisionTiming& timing, absl::Duration now) {
  return now - state.last_decision > timing.max_gap;
}

void ExpireLeases(const ClusterState& state, absl::Duration now, std::vector<Action>& actions) {
  for (const auto& [id, run] : state.runs) {
    if (run.lease && run.lease->expires <= now) {
      actions.push_back(ExpireLease{id, run.attempt, JudgeExpiry(run)});
    }
  }
}

// The queued runs that fit somewhere, in the order in which they get slots. What an experiment
// holds changes with each assignment, so the next one is looked for among the experiments' oldest
// runs each time.
class Queue {
 public:
  Queue(const ClusterState& state, const FreeSlots& free, absl::Duration now) {
    for (const auto& entry : state.runs) {
      const RunEntry& run = entry.second;
      if (run.lease) ++num_leases_[run.experiment_order];
      if (run.state == RunState::kQueued && run.not_before <= now && PlaceRun(run, free)) {
        lines_[{-run.resources.priority, run.experiment_order}].push_back(&entry);
      }
    }
    for (auto& [key, line] : lines_) {
      std::ranges::sort(line, std::ranges::greater(),
                        [](const Run* run) { return run->second.order; });
    }
  }

  // Null: no more.
  const Run* Pop() {
    auto rank = [&](const auto& line) {
      const auto& [priority, experiment] = line.first;
      return std::tuple(priority, num_leases_[experiment], experiment);
    };
    auto best = std::ranges::min_element(lines_, {}, rank);
    if (best == lines_.end()) return nullptr;
    const Run* run = best->second.back();
    best->second.pop_back();
    if (best->second.empty()) lines_.erase(best);
    return run;
  }

  void CountAssigned(const RunEntry& run) { ++num_leases_[run.experiment_order]; }

 private:
  std::map<int64_t, int64_t> num_leases_;  // by experiment
  // By (-priority, experiment): its runs, oldest last.
  std::map<std::pair<int64_t, int64_t>, std::vector<const Run*>> lines_;
};

void Take(FreeSlots& free, const Placement& placement) {
  auto worker = free.find(placement.worker_id);
  std::erase_if(worker->second, [&](const Slot& slot) {
    return std::ranges::find(placement.slots, slot.index) != placement.slots.end();
  });
  if (worker->second.empty()) free.erase(worker);
}

void AssignRuns(const ClusterState& state, absl::Duration now, std::vector<Action>& actions) {
  FreeSlots free = FindFreeSlots(state);
  if (free.empty()) return;
  Queue queue(state, free, now);
  while (!free.empty()) {
    const Run* next = queue.Pop();
    if (next == nullptr) return;
    const auto& [id, run] = *next;
    std::optional<Placement> placement = PlaceRun(run, free);
    if (!placement) continue;
    Take(free, *placement);
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
