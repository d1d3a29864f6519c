#pragma once

#include <cmath>
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

  // A number of mean 0 and variance 1: the sum of eight uniform 16-bit numbers, nearly normal (the
  // largest magnitude is 4.9, the kurtosis 2.85), and made without functions whose last digit
  // differs from one library to another.
  double NearlyNormal() {
    const numerics::PhiloxWords random = numerics::Philox(seed_, count_++, stream_);
    uint32_t sum = 0;
    for (const uint32_t word : random.words) sum += (word >> 16) + (word & 0xFFFF);
    constexpr double kMean = 8 * 65535.0 / 2;
    constexpr double kVariance = 8 * (65536.0 * 65536.0 - 1) / 12;
    static const double deviation = std::sqrt(kVariance);
    return (sum - kMean) / deviation;
  }

 private:
  const uint64_t seed_, stream_;
  uint64_t count_ = 0;
};

}  // namespace fp4::trainer
