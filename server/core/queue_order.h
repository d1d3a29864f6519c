// In which order queued runs get slots. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/cluster_state.h"

namespace fp4::core {

// Slots that runs hold, by whose they are. What a decision gives is added as it goes.
struct HeldSlots {
  explicit HeldSlots(const ClusterState& state);
  void Add(const RunEntry& run, int64_t num_slots);

  std::map<std::string, int64_t> by_project;
  std::map<std::pair<std::string, std::string>, int64_t> by_user;  // project and created_by
  std::map<int64_t, int64_t> by_experiment;
};

// Whether the run would bring its project beyond what it may hold (policy.project_slots).
bool IsOverLimit(const RunEntry& run, const ClusterState& state, const HeldSlots& held);

// The queued runs that may start now, next first: higher priority first; among equals the project
// that holds the fewest slots, of it the user who does, of whom the experiment that does (so that a
// large one does not lock out a small one), then the older experiment, then the older run. What
// they hold grows with each assignment, so ranks are looked at anew where they may have changed.
// `state` must outlive it.
class QueueOrder {
 public:
  using Run = std::pair<const std::string, RunEntry>;

  QueueOrder(const ClusterState& state, absl::Duration now);

  // Null: no more.
  const Run* Pop();
  // The run that was popped last got so many slots.
  void CountAssigned(const RunEntry& run, int64_t num_slots) { held_.Add(run, num_slots); }
  // A project's further runs of a demand are not looked at: it has all that it may have.
  void DropOf(const std::string& project, const DemandKey& demand) {
    dropped_of_projects_.emplace(project, demand);
  }
  // No slots are left for runs of this demand.
  void Drop(const DemandKey& demand) { dropped_.insert(demand); }
  const HeldSlots& held() const { return held_; }

 private:
  using Ids = std::set<std::pair<int64_t, std::string>>;
  using Rank = std::array<int64_t, 6>;
  struct Line {
    Rank rank;
    const QueueLine* key;
    const Ids* ids;
    Ids::const_iterator next;
  };

  Rank RankOf(const QueueLine& key, int64_t order) const;
  // Puts the line where its next run belongs that may start now; drops one without any.
  void PutBack(Line line);

  const ClusterState& state_;
  const absl::Duration now_;
  HeldSlots held_;
  bool IsDropped(const QueueLine& key) const;

  std::set<DemandKey> dropped_;
  std::set<std::pair<std::string, DemandKey>> dropped_of_projects_;
  std::vector<Line> lines_;  // a heap, the smallest rank on top. Ranks only grow
};

struct QueuedRun {
  std::string run_id;
  int64_t position = 0;  // from 1
  std::string reason;    // Waiting's
  std::string why;       // Waiting's
  std::string needs;     // what would start it: "a CPU slot with 2 CPU threads"
};

struct QueuePage {
  std::vector<QueuedRun> runs;
  int64_t num_queued = 0;  // of all
};

// At most `limit` of the queued runs behind position `after`, in the order in which Decide would
// give them slots if it had enough for each; those that pause come last, the one first that may
// start first. A run that nothing fits holds back nobody, so one may start before its turn.
QueuePage ListQueue(const ClusterState& state, absl::Duration now, int64_t after, int64_t limit);

// How many queued runs wait, by Waiting::reason. Runs of one experiment, priority and demand that
// do not pause wait for the same.
std::map<std::string, int64_t> CountWaiting(const ClusterState& state, absl::Duration now);

}  // namespace fp4::core
