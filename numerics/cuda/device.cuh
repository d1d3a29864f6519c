// Pieces that the kernels share.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cuda/jobs.h"

// The instructions of one family of GPUs (compute capability 10.x or 12.x) may be used: compiled
// for 100f or 120f, or for a single one (100a, 120a).
#if defined(__CUDA_ARCH_SPECIFIC__) || defined(__CUDA_ARCH_FAMILY_SPECIFIC__)
#define FP4_NATIVE_E2M1 (__CUDA_ARCH__ >= 1000)
#else
#define FP4_NATIVE_E2M1 0
#endif

namespace fp4::numerics::cuda {

// Launches `kernel`; an error is there for cudaGetLastError. Not by <<<>>>, which only nvcc reads:
// tests compile these sources as C++, too (tests/support/cuda_emulation).
template <class... Parameters, class... Arguments>
void Launch(void (*kernel)(Parameters...), dim3 grid, int threads, cudaStream_t stream,
            Arguments&&... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.stream = stream;
  cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
}

// The job that holds block `block` of the launch.
template <class Job, int kMax>
__device__ inline const Job& FindJob(const JobBatch<Job, kMax>& batch, int64_t block) {
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

// Maxima over groups of kLanes (at most 32) of the warp's lanes in `mask`.
template <int kLanes>
__device__ inline void ReduceInWarp(uint32_t& amax_bits, int& poisoned, unsigned mask) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    amax_bits = max(amax_bits, __shfl_xor_sync(mask, amax_bits, distance, kLanes));
    poisoned |= __shfl_xor_sync(mask, poisoned, distance, kLanes);
  }
}

__device__ inline void Look(float value, uint32_t& amax_bits, int& poisoned) {
  if (IsFinite(value)) {
    amax_bits = max(amax_bits, AbsBits(value));
  } else {
    poisoned = 1;
  }
}

__device__ inline void Store(void* decoded, int64_t index, float value, bool bf16) {
  if (bf16) {
    static_cast<uint16_t*>(decoded)[index] = static_cast<uint16_t>(Bf16Code(value));
  } else {
    static_cast<float*>(decoded)[index] = value;
  }
}

// A NaN that arithmetic makes has other bits on a GPU (0x7FFFFFFF) than on a CPU; after decoding,
// every NaN is the one of poisoned scales.
__device__ inline float UniteNan(float value) { return IsNan(value) ? BitsFloat(kNanBits) : value; }

// The scale of a block under a rule that is known when the kernel is compiled.
template <ScaleRule kRule>
__device__ inline BlockScale UnprescaledScaleOf(float amax, float mean, bool poisoned,
                                                const Rules& rules, ElementType element,
                                                const TwoLevelRule& two_level, float stretch) {
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
template <ScaleRule kRule>
__device__ inline BlockScale ScaleOf(float amax, float mean, bool poisoned, const Rules& rules,
                                     ElementType element, const TwoLevelRule& two_level,
                                     float stretch) {
  return Prescaled(
      UnprescaledScaleOf<kRule>(amax, mean, poisoned, rules, element, two_level, stretch), kRule,
      rules.prescale);
}

// EncodeNearest, by the conversion instruction of GPUs that have one. It rounds to nearest with
// ties to even, saturates and keeps the sign of zero, as the arithmetic form does; what comes here
// is never NaN.
template <ElementType kElement>
__device__ inline uint32_t NearestCode(ScaledElement x) {
#if FP4_NATIVE_E2M1
  if constexpr (kElement == ElementType::kE2M1) {
    uint16_t code;
    asm("{ .reg .b8 pair;\n"
        "  cvt.rn.satfinite.e2m1x2.f32 pair, %1, %2;\n"  // the upper half, the lower half
        "  mov.b16 %0, {pair, 0}; }"
        : "=h"(code)
        : "f"(0.0f), "f"(x.scaled));
    return code;
  }
#endif
  return EncodeNearest(kElement, x);
}

template <ElementType kElement, ScaleRule kRule>
__device__ inline uint32_t CodeOf(float value, const BlockScale& scale, const Rules& rules,
                                  uint64_t key, int64_t index) {
  if (scale.poisoned) return 0;
  ScaledElement x =
      kRule == ScaleRule::kNone ? ScaledElement{value, value} : ApplyScale(value, scale, kRule);
  if (!rules.stochastic) return NearestCode<kElement>(x);
  return EncodeStochastic(kElement, x, RandomBits(key, rules.step, static_cast<uint64_t>(index)));
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
  FP4_PAIR(E::kE2M1, R::kDivided);
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
