#include "base/backoff.h"

#include <algorithm>

namespace fp4 {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t NextRandom(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

Backoff::Backoff(absl::Duration initial, absl::Duration maximum, uint64_t seed)
    : initial_(initial), maximum_(maximum), current_(initial), random_(seed) {}

absl::Duration Backoff::Next() {
  double factor = 0.5 + 0.5 * (static_cast<double>(NextRandom(random_) >> 11) * 0x1p-53);
  absl::Duration delay = current_ * factor;
  current_ = std::min(current_ * 2, maximum_);
  return delay;
}

}  // namespace fp4
