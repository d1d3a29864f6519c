#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace fp4 {

// Delays between tries of the same thing: doubling from `initial` to `maximum`, each multiplied by
// a random factor in [0.5, 1) so that many callers do not come back together. Not thread-safe.
class Backoff {
 public:
  Backoff(absl::Duration initial, absl::Duration maximum, uint64_t seed);

  // How long to wait before the next try.
  absl::Duration Next();

  // After a success.
  void Reset() { current_ = initial_; }

 private:
  const absl::Duration initial_;
  const absl::Duration maximum_;
  absl::Duration current_;
  uint64_t random_;
};

}  // namespace fp4
