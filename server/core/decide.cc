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
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    if (run.lease->expires <= now) {
      actions.push_back(ExpireLease{id, run.attempt, JudgeExpiry(run)});
    }
  }
}

// The queued runs in the order in which they get slots. What an experiment holds changes with each
// assignment, so the next one is looked for among the lines' oldest runs each time.
class Queue {
 public:
  Queue(const ClusterState& state, absl::Duration now) : state_(state), now_(now) {
    for (const std::string& id : state.index.leased) {
      ++num_leases_[state.runs.at(id).experiment_order];
    }
    for (const auto& [key, line] : state.index.queued)
      lines_.push_back({&key, &line, line.begin()});
    std::erase_if(lines_, [&](Line& line) { return !SkipPausing(line); });
  }

  // Null: no more.
  const Run* Pop() {
    const auto rank = [&](const Line& line) {
      return std::tuple(line.key->minus_priority, num_leases_[line.key->experiment_order],
                        line.key->experiment_order, line.next->first);
    };
    const auto best = std::ranges::min_element(lines_, {}, rank);
    if (best == lines_.end()) return nullptr;
    const Run* run = &*state_.runs.find(best->next->second);
    ++best->next;
    if (!SkipPausing(*best)) lines_.erase(best);
    return run;
  }

  void CountAssigned(const RunEntry& run) { ++num_leases_[run.experiment_order]; }

  // No slots are left for runs of this demand.
  void Drop(const DemandKey& demand) {
    std::erase_if(lines_, [&](const Line& line) { return line.key->demand == demand; });
  }

 private:
  using Ids = std::set<std::pair<int64_t, std::string>>;
  struct Line {
    const QueueLine* key;
    const Ids* ids;
    Ids::const_iterator next;
  };

  // Moves on to a run that may start now. False: there is none.
  bool SkipPausing(Line& line) const {
    while (line.next != line.ids->end() && state_.runs.at(line.next->second).not_before > now_) {
      ++line.next;
    }
    return line.next != line.ids->end();
  }

  const ClusterState& state_;
  const absl::Duration now_;
  std::map<int64_t, int64_t> num_leases_;  // by experiment
  std::vector<Line> lines_;
};

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
  Queue queue(state, now);
  while (!free.empty()) {
    const Run* next = queue.Pop();
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
