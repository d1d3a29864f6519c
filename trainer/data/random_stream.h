#pragma once

#include <cstdint>

#include "numerics/arithmetic/philox.h"

namespace fp4::trainer {

// A sequence of random integers fixed by (seed, stream): equal on every machine.
class RandomStream {
 public:
  RandomStream(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  // Uniform in [0, bound); bound in [1, 2^32). By multiplication: the bias is below bound / 2^64.
  uint64_t Below(uint64_t bound) {
    const numerics::PhiloxWords random = numerics::Philox(seed_, count_++, stream_);
    const uint64_t high = random.words[1] * bound;
    const uint64_t low = random.words[0] * bound;
    return (high + (low >> 32)) >> 32;
  }

 private:
  const uint64_t seed_, stream_;
  uint64_t count_ = 0;
};

}  // namespace fp4::trainer
