// Durations as people write them on command lines.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fp4 {

// The longest duration that a flag takes: the clocks of the standard library count nanoseconds in
// 64 bits, and a time so far ahead would overflow them.
inline constexpr absl::Duration kLongestDuration = absl::Hours(24 * 366 * 100);

// `text` ("90s", "1h30m") as a duration from `min` to `max`, both allowed. "inf" is none.
// INVALID_ARGUMENT says what is allowed and shows `text` as typed: "'1s' is not a duration from 2s
// to 720h, such as 90s or 30m".
absl::StatusOr<absl::Duration> ParseDurationBetween(std::string_view text, absl::Duration min,
                                                    absl::Duration max = kLongestDuration);

}  // namespace fp4
