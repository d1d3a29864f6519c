// Masters in bf16: an update is often smaller than half a step of bf16, and rounding to nearest
// would lose it for ever. Stochastic rounding keeps it in the mean (as torchao's _fp32_to_bf16_sr):
// away from zero if a random number of 16 bits is below the 16 bits that are cut off, else toward
// zero. NaN stays NaN; what would round to infinity stays at the largest finite number.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/minifloat.h"
#include "numerics/arithmetic/philox.h"

namespace fp4::trainer {

// Where a value's random number comes from: no state, so that a resumed run draws the same.
struct RoundingStream {
  uint64_t key = 0;   // of (seed, tensor)
  uint64_t step = 0;  // the update, from 1
};

// 16 uniform bits for element `element` of the tensor: eight consecutive elements share a call.
// Element i takes half i mod 8 of Philox(key, i div 8, step), the low half of a word first.
inline uint32_t RandomHalf(const numerics::PhiloxWords& random, int64_t element) {
  return (random.words[(element / 2) % 4] >> (element % 2 * 16)) & 0xFFFF;
}

inline uint16_t RoundToBf16(float value, uint32_t random_half) {
  // The shared arithmetic adds its random number and cuts; a sum that carries is r < cut bits.
  return static_cast<uint16_t>(numerics::Bf16CodeStochastic(value, (0xFFFF - random_half) << 16));
}

// `values` of elements first … first + count of a tensor; `first` is a multiple of 8.
inline void RoundToBf16(const float* values, int64_t first, int64_t count,
                        const RoundingStream& stream, uint16_t* rounded) {
  for (int64_t i = 0; i < count; i += 8) {
    const numerics::PhiloxWords random =
        numerics::Philox(stream.key, static_cast<uint64_t>((first + i) / 8), stream.step);
    const int64_t end = i + 8 < count ? i + 8 : count;
    for (int64_t j = i; j < end; ++j) rounded[j] = RoundToBf16(values[j], RandomHalf(random, j));
  }
}

}  // namespace fp4::trainer
