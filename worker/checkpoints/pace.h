#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace fp4::worker {

// How long to wait so that bytes do not go faster than a rate. Pure; not thread-safe.
class Pace {
 public:
  // 0: as fast as it goes.
  explicit Pace(int64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  // After `bytes` have gone at `now`: until when the next ones have to wait. Time that was not used
  // is not made up for.
  absl::Duration After(int64_t bytes, absl::Duration now) {
    if (bytes_per_second_ == 0) return now;
    if (next_ < now) next_ = now;
    next_ += absl::Seconds(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
    return next_;
  }

 private:
  const int64_t bytes_per_second_;
  absl::Duration next_ = -absl::InfiniteDuration();
};

}  // namespace fp4::worker
