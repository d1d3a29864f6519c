#include "server/core/worker_claim.h"

#include <algorithm>

namespace fp4::core {

Claim JudgeClaim(const ClaimHolder& holder, const Claimant& claimant) {
  if (claimant.incarnation == holder.incarnation) return Claim::kSame;
  if (!holder.live) return Claim::kSuccessor;
  const bool is_back =
      std::ranges::find(holder.superseded, claimant.incarnation) != holder.superseded.end();
  if (is_back) return Claim::kDuplicate;
  // Two workers of an earlier release: the later one is most likely the earlier one's restart.
  const bool same_place = claimant.place == holder.place;
  return same_place ? Claim::kSuccessor : Claim::kDuplicate;
}

}  // namespace fp4::core
