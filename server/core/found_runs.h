// What a worker that comes back shall do with the run directories it finds. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/core/run_state.h"

namespace fp4::core {

struct FoundRun {
  std::string run_id;
  int32_t attempt = 0;
  int64_t last_seq = 0;   // in the log on disk; 0: none
  bool alive = false;     // its trainer runs
  bool finished = false;  // the log ends with `finished`
};

// What the controller knows of the same run.
struct KnownRun {
  RunState state = RunState::kQueued;
  int32_t attempt = 0;
  std::string lease_worker_id;  // empty: no lease
  int64_t last_seq = 0;         // stored
};

enum class FoundAction : uint8_t {
  kKeep,     // the lease stands: go on with the trainer, or settle its exit
  kDeliver,  // the attempt is over: end its trainer, deliver what the log still holds
  kDiscard,  // end its trainer; nothing is wanted any more
};

// Keep: the lease of that attempt is this worker's. Discard: the run is unknown (deleted). Deliver
// in all other cases: the attempt is over, but its directory may hold a checkpoint that is still
// wanted. For a run's last attempt the log is what makes its events complete; of an earlier attempt
// nothing is taken any more (NextSeqFor), the later one has gone on without it.
FoundAction JudgeFound(const FoundRun& found, const std::optional<KnownRun>& known,
                       const std::string& worker_id);

// The first event that the worker shall deliver.
int64_t NextSeqFor(const FoundRun& found, const KnownRun& known);

// Whether a run that is queued between attempts should wait until its last attempt's log has been
// delivered, before it is assigned again: its end, or a newer checkpoint, may be in there.
bool AwaitsDelivery(const FoundRun& found, const KnownRun& known);

}  // namespace fp4::core
