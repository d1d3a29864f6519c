// In which order queued runs get slots. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/cluster_state.h"

namespace fp4::core {

// The queued runs that may start now, next first: higher priority first; among equals the
// experiment that holds the fewest leases (so that a large one does not lock out a small one), then
// the older experiment, then the older run. What an experiment holds changes with each assignment,
// so the next one is looked for among the lines' oldest runs each time. `state` must outlive it.
class QueueOrder {
 public:
  using Run = std::pair<const std::string, RunEntry>;

  QueueOrder(const ClusterState& state, absl::Duration now);

  // Null: no more.
  const Run* Pop();
  // The run that was popped last got slots.
  void CountAssigned(const RunEntry& run) { ++num_leases_[run.experiment_order]; }
  // No slots are left for runs of this demand.
  void Drop(const DemandKey& demand);

 private:
  using Ids = std::set<std::pair<int64_t, std::string>>;
  struct Line {
    const QueueLine* key;
    const Ids* ids;
    Ids::const_iterator next;
  };

  // Moves on to a run that may start now. False: there is none.
  bool SkipPausing(Line& line) const;

  const ClusterState& state_;
  const absl::Duration now_;
  std::map<int64_t, int64_t> num_leases_;  // by experiment
  std::vector<Line> lines_;
};

struct QueuedRun {
  std::string run_id;
  int64_t position = 0;  // from 1
  std::string why;       // WhyQueued's
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

}  // namespace fp4::core
