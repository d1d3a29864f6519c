// Pauses between tries of the same thing: 1 s at first, doubling, up to a longest one. Without
// randomness, so that decisions are the same whenever they are made from the same state.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace fp4::core {

// After `count` failures in a row; none after 0.
inline absl::Duration PauseAfter(int32_t count, absl::Duration longest = absl::Minutes(5)) {
  if (count <= 0) return absl::ZeroDuration();
  absl::Duration pause = absl::Seconds(1);
  for (int32_t i = 1; i < count && pause < longest; ++i) pause *= 2;
  return std::min(pause, longest);
}

}  // namespace fp4::core
