// Where the time comes from. Services take a Clock, so that tests decide what time it is.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace fp4 {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time: for what people read. It may jump.
  virtual absl::Time Now() const = 0;

  // Time since the host booted, sleep included (CLOCK_BOOTTIME): for leases and intervals. It never
  // goes back, and two processes of one boot agree on it.
  virtual absl::Duration SinceBoot() const = 0;
};

// The system's clock; lives for ever.
const Clock& SystemClock();

// Identifies this boot of the host (/proc/sys/kernel/random/boot_id); readings of SinceBoot of
// different boots do not compare.
std::string BootId();

// "2026-01-02T03:04:05.678Z": how times are written in event logs.
std::string FormatTimestamp(absl::Time time);

// Reads what FormatTimestamp wrote; InfinitePast when it is not one.
absl::Time ParseTimestamp(std::string_view text);

}  // namespace fp4
