// MS-EDEN (Quartet II, arXiv 2601.22813; IST-DASLab/Quartet-II): NVFP4 that is unbiased by its
// scales instead of its elements. Elements of a rotated group of 128 are rounded to nearest; the
// group's correction S = <x,x>/<x,Q(x)> is multiplied into its eight block scales, which are then
// rounded stochastically to E4M3. Host and device.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/block_scale.h"

namespace fp4::numerics {

inline constexpr int kEdenGroup = 128;
inline constexpr int kEdenBlock = 16;

// The magnitude to which a block's amax goes: 6 divided by the headroom (17/16) * 0.93, which gives
// the least error.
inline constexpr float kEdenTarget = 6.0f / static_cast<float>((17.0 / 16.0) * 0.93);
// The largest block scale before correction: room for the correction below 448.
inline constexpr float kEdenLargestScale = 255.99f;

// What a decoded value is multiplied by after its block scale.
FP4_HOST_DEVICE inline float EdenTensorScale(float amax) {
  return amax > 0.0f ? amax / kEdenLargestScale / kEdenTarget : 1.0f;
}

// The block's scale before correction. A scale that rounds to 0 becomes 1.
FP4_HOST_DEVICE inline BlockScale EdenScale(float amax, bool poisoned, float tensor_scale) {
  if (poisoned) return {0x7F, 0.0f, BitsFloat(kNanBits), true};
  float scale = RoundMagnitude<E4M3>(Min(amax / kEdenTarget / tensor_scale, E4M3::kMax));
  if (scale == 0.0f) scale = 1.0f;
  return {CodeOfMagnitude<E4M3>(scale), Min(1.0f / (scale * tensor_scale), kFloatMax), scale,
          false};
}

// `xx` and `xq` are the sums of x*x and x*Q(x) over the group, x scaled.
FP4_HOST_DEVICE inline float EdenCorrection(float xx, float xq) {
  if (!(xq > 0.0f)) return 1.0f;
  return Min(Max(xx / xq, 0.94f), 1.06f);
}

FP4_HOST_DEVICE inline BlockScale EdenCorrectedScale(const BlockScale& scale, float correction,
                                                     uint32_t random) {
  if (scale.poisoned) return scale;
  float corrected = RoundMagnitudeStochastic<E4M3>(scale.decode * correction, random);
  return {CodeOfMagnitude<E4M3>(corrected), scale.encode, corrected, false};
}

// Sums over a group are made of 16 partial sums, by index modulo 16, each in the order of the
// index, which are then folded in halves: i and i + 8, i and i + 4, ... This function folds.
FP4_HOST_DEVICE inline float FoldPartialSums(float* partial) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  return partial[0];
}

}  // namespace fp4::numerics
