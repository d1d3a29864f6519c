// Pieces that the kernels share.
#pragma once

#include <cuda_bf16.h>

#include "numerics/cuda/jobs.h"
#include "numerics/elements.h"
#include "numerics/random.h"

namespace fp4::numerics::cuda {

// The job that holds block `block` of the launch.
__device__ inline const TensorJob& FindJob(const Batch& batch, int64_t block) {
  int low = 0, high = batch.num_tensors - 1;
  while (low < high) {
    int middle = (low + high + 1) / 2;
    if (batch.tensors[middle].first_block <= block) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return batch.tensors[low];
}

__device__ inline void Store(void* decoded, int64_t index, float value, bool bf16) {
  if (bf16) {
    static_cast<uint16_t*>(decoded)[index] = static_cast<uint16_t>(Bf16Code(value));
  } else {
    static_cast<float*>(decoded)[index] = value;
  }
}

// The scale of a block under a rule that is known when the kernel is compiled.
template <ScaleRule kRule>
__device__ inline BlockScale ScaleOf(float amax, float mean, bool poisoned, const Rules& rules,
                                     ElementType element, const TwoLevelRule& two_level,
                                     float stretch) {
  amax = Min(amax * rules.headroom, kFloatMax);
  if constexpr (kRule == ScaleRule::kReciprocal) return ReciprocalScale(amax, poisoned);
  if constexpr (kRule == ScaleRule::kDivided) return DividedScale(amax, poisoned, rules.max_value);
  if constexpr (kRule == ScaleRule::kPowerOfTwo)
    return PowerOfTwoScale(amax, poisoned, rules.power_of_two);
  if constexpr (kRule == ScaleRule::kTwoLevel)
    return TwoLevelScale(amax, poisoned, two_level, stretch);
  if constexpr (kRule == ScaleRule::kMean) return MeanScale(element, mean, poisoned);
  return {0, 1.0f, 1.0f, false};
}

template <ElementType kElement, ScaleRule kRule>
__device__ inline uint32_t CodeOf(float value, const BlockScale& scale, const Rules& rules,
                                  int64_t index) {
  if (scale.poisoned) return 0;
  ScaledElement x =
      kRule == ScaleRule::kNone ? ScaledElement{value, value} : ApplyScale(value, scale, kRule);
  if (!rules.stochastic) return EncodeNearest(kElement, x);
  return EncodeStochastic(kElement, x,
                          RandomBits(rules.key, rules.step, static_cast<uint64_t>(index)));
}

// Calls launch.template operator()<element, rule>() for the pair that a format has; every format's
// pair is listed here.
template <class Launch>
void DispatchFormat(ElementType element, ScaleRule rule, Launch&& launch) {
  using E = ElementType;
  using R = ScaleRule;
#define FP4_PAIR(E_, R_) \
  if (element == E_ && rule == R_) return launch.template operator()<E_, R_>()
  FP4_PAIR(E::kFp4, R::kReciprocal);
  FP4_PAIR(E::kNf4, R::kReciprocal);
  FP4_PAIR(E::kE2M1, R::kPowerOfTwo);
  FP4_PAIR(E::kE2M1, R::kTwoLevel);
  FP4_PAIR(E::kE4M3, R::kPowerOfTwo);
  FP4_PAIR(E::kE4M3, R::kDivided);
  FP4_PAIR(E::kE5M2, R::kDivided);
  FP4_PAIR(E::kInt8, R::kDivided);
  FP4_PAIR(E::kInt4, R::kDivided);
  FP4_PAIR(E::kTernary, R::kMean);
  FP4_PAIR(E::kBinary, R::kMean);
  FP4_PAIR(E::kE4M3, R::kNone);
  FP4_PAIR(E::kE5M2, R::kNone);
  FP4_PAIR(E::kFp16, R::kNone);
  FP4_PAIR(E::kBf16, R::kNone);
  FP4_PAIR(E::kFp32, R::kNone);
#undef FP4_PAIR
}

}  // namespace fp4::numerics::cuda
