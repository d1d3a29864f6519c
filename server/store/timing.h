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

// How long a queued run waits for a returned worker to deliver the ended attempt's log.
inline constexpr absl::Duration kDeliveryPatience = absl::Seconds(30);

}  // namespace fp4::store
