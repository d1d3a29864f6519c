#include "trainer/data/window_order.h"

#include <algorithm>
#include <bit>

#include "numerics/arithmetic/philox.h"

namespace fp4::trainer {
namespace {

constexpr int kRounds = 8;

}  // namespace

WindowOrder::WindowOrder(int64_t num_windows, bool shuffle, uint64_t seed)
    : num_windows_(static_cast<uint64_t>(num_windows)), shuffle_(shuffle), seed_(seed) {
  half_bits_ = std::max(1, (static_cast<int>(std::bit_width(num_windows_ - 1)) + 1) / 2);
}

int64_t WindowOrder::At(int64_t position) const {
  const uint64_t at = static_cast<uint64_t>(position);
  const uint64_t index = at % num_windows_;
  if (!shuffle_) return static_cast<int64_t>(index);
  const uint64_t epoch = at / num_windows_;
  // Cycle walking: the permutation of the 4^half_bits_ numbers, restricted to those below
  // num_windows_.
  uint64_t value = index;
  do {
    value = Permute(value, epoch);
  } while (value >= num_windows_);
  return static_cast<int64_t>(value);
}

// A Feistel network on two halves of half_bits_ each.
uint64_t WindowOrder::Permute(uint64_t value, uint64_t epoch) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_, right = value & mask;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const numerics::PhiloxWords random = numerics::Philox(seed_, right, epoch << 8 | round);
    const uint64_t mixed = left ^ (random.words[0] & mask);
    left = right;
    right = mixed;
  }
  return left << half_bits_ | right;
}

}  // namespace fp4::trainer
