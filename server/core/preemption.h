// Which runs make room for more urgent ones. Pure.
#pragma once

#include <string>
#include <vector>

#include "server/core/cluster_state.h"
#include "server/core/placement.h"

namespace fp4::core {

// The lease of `attempt` is to end with a checkpoint, and its run goes back into the queue.
struct PreemptRun {
  std::string run_id;
  int32_t attempt = 0;
  std::string by_run_id;  // for which room is made
};

// For the queued runs in their order, which no slot is left for: leases of strictly lower priority
// on one worker whose slots, with those that are free or becoming free there, would do. `free` is
// what is left after the assignments of this decision, `assigned` the runs that these start. A
// lease is spared while it is younger than policy.min_runtime, and one that is being stopped
// already is as good as free, so that no more are stopped than needed. Of several workers the one
// where the least urgent runs make room, then where fewest do, then where the least time is lost. A
// run never makes room for one of its own priority: two cannot chase each other away.
std::vector<PreemptRun> ChoosePreemptions(const ClusterState& state, FreeSlots free,
                                          const std::vector<std::string>& assigned,
                                          absl::Duration now);

}  // namespace fp4::core
