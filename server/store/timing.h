// Intervals that follow from the lease's term, and patience.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace fp4::store {

inline absl::Duration RenewInterval(absl::Duration lease_ttl) { return lease_ttl / 6; }

// A worker that was not heard of for longer counts as disconnected: some renewals were missed.
inline absl::Duration MaxSilence(absl::Duration lease_ttl) {
  return std::max(absl::Seconds(20), 4 * RenewInterval(lease_ttl));
}

// A worker that does not wait for work calls again within a second; one that has been silent for so
// long is dead, stopped or cut off.
inline constexpr absl::Duration kLiveFor = absl::Seconds(10);
// How old the stored time of a live worker's last call may become.
inline constexpr absl::Duration kSaveSightings = absl::Minutes(1);
// A worker of which nobody has heard for so long, and that has no lease, is forgotten.
inline constexpr absl::Duration kForgetAfter = absl::Hours(24);
inline constexpr absl::Duration kLookAtWorkers = absl::Minutes(1);

// How long a queued run waits for a returned worker to deliver the ended attempt's log.
inline constexpr absl::Duration kDeliveryPatience = absl::Seconds(30);

}  // namespace fp4::store
