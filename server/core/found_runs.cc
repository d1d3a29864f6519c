#include "server/core/found_runs.h"

#include <algorithm>

namespace fp4::core {

FoundAction JudgeFound(const FoundRun& found, const std::optional<KnownRun>& known,
                       const std::string& worker_id) {
  if (!known) return FoundAction::kDiscard;
  const bool stands = IsLeased(known->state) && known->attempt == found.attempt &&
                      known->lease_worker_id == worker_id;
  return stands ? FoundAction::kKeep : FoundAction::kDeliver;
}

int64_t NextSeqFor(const FoundRun& found, const KnownRun& known) {
  if (known.attempt == found.attempt) return known.last_seq + 1;
  return std::max(known.last_seq, found.last_seq) + 1;
}

bool AwaitsDelivery(const FoundRun& found, const KnownRun& known) {
  return known.state == RunState::kQueued && known.attempt == found.attempt &&
         (found.alive || found.last_seq > known.last_seq);
}

}  // namespace fp4::core
