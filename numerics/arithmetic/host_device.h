// What lets the arithmetic of the formats be the same source on CPU and GPU: the marker of
// functions that device code may call, and the few operations on bits and floats that both sides
// spell differently.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define FP4_HOST_DEVICE __host__ __device__
#else
#define FP4_HOST_DEVICE
#endif

namespace fp4::numerics {

FP4_HOST_DEVICE inline uint32_t FloatBits(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  return __builtin_bit_cast(uint32_t, value);
#endif
}

FP4_HOST_DEVICE inline float BitsFloat(uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return __builtin_bit_cast(float, bits);
#endif
}

inline constexpr uint32_t kSignBit = 0x80000000u;
inline constexpr uint32_t kInfinityBits = 0x7F800000u;
inline constexpr uint32_t kNanBits = 0x7FC00000u;  // the NaN that poisoned scales become
inline constexpr float kFloatMax = 3.40282346638528859812e+38f;

FP4_HOST_DEVICE inline uint32_t AbsBits(float value) { return FloatBits(value) & ~kSignBit; }
FP4_HOST_DEVICE inline float Abs(float value) { return BitsFloat(AbsBits(value)); }
FP4_HOST_DEVICE inline bool IsFinite(float value) { return AbsBits(value) < kInfinityBits; }
FP4_HOST_DEVICE inline bool IsNan(float value) { return AbsBits(value) > kInfinityBits; }
FP4_HOST_DEVICE inline float Min(float a, float b) { return a < b ? a : b; }
FP4_HOST_DEVICE inline float Max(float a, float b) { return a > b ? a : b; }
// `magnitude` must not be negative.
FP4_HOST_DEVICE inline float WithSign(float magnitude, float sign_of) {
  return BitsFloat(FloatBits(magnitude) | (FloatBits(sign_of) & kSignBit));
}

// To the nearest integer, ties to even; for |value| < 2^22, and any larger value is returned as it
// is.
FP4_HOST_DEVICE inline float RoundToEven(float value) {
  constexpr float kMagic = 8388608.0f;  // 2^23
  float magnitude = Abs(value);
  if (!(magnitude < kMagic)) return value;
  return WithSign((magnitude + kMagic) - kMagic, value);
}

// A uniform number in [0, 1) with 24 bits.
FP4_HOST_DEVICE inline float UnitInterval(uint32_t random) {
  return static_cast<float>(random >> 8) * 0x1p-24f;
}

// A non-negative `position` (below 2^23) to one of its two neighbouring integers, up with the
// probability of its fraction.
FP4_HOST_DEVICE inline float RoundStochastic(float position, uint32_t random) {
  float below = static_cast<float>(static_cast<int32_t>(position));
  return position - below > UnitInterval(random) ? below + 1.0f : below;
}

}  // namespace fp4::numerics
