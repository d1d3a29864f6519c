// The random numbers of quantizers: Philox keyed by (seed, stream), counted by (step, element
// index), so that a value depends on nothing but these four: not on threads, launch shape or what
// was drawn before.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/philox.h"

namespace fp4::numerics {

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit over
// all.
FP4_HOST_DEVICE inline uint64_t MixBits(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// The 96 bits of (seed, stream) in Philox's 64-bit key: for one seed all streams have different
// keys, and the other way round.
FP4_HOST_DEVICE inline uint64_t RandomKey(uint64_t seed, uint32_t stream) {
  return MixBits(seed + 0x9E3779B97F4A7C15u) ^ MixBits(stream);
}

// Four consecutive elements share a call: element i takes word i mod 4 of counter (i div 4, step).
FP4_HOST_DEVICE inline uint32_t RandomBits(uint64_t key, uint64_t step, uint64_t element) {
  const PhiloxWords random = Philox(key, element / 4, step);
  // Not by a variable index, which would put the words into a GPU's slow local memory.
  const uint32_t low = element & 1 ? random.words[1] : random.words[0];
  const uint32_t high = element & 1 ? random.words[3] : random.words[2];
  return element & 2 ? high : low;
}

}  // namespace fp4::numerics
