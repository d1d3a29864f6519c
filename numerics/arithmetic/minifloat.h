// Small floating-point numbers: rounding fp32 to them, their codes and values. Host and device.
//
// Nearest rounding adds and subtracts a power of two so large that the sum's last bit is the small
// format's: exact, ties to even, and the same instructions in scalar, vector and device code.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"

namespace fp4::numerics {

// kMantissaBits: stored ones. kBias: of the exponent; 1 - kBias is the exponent of the smallest
// normal number. kMax: the largest finite magnitude, to which everything beyond saturates.
struct E2M1 {  // OCP Microscaling v1.0, section 5.3.3: no Inf, no NaN
  static constexpr int kBits = 4, kMantissaBits = 1, kBias = 1;
  static constexpr float kMax = 6.0f;
};
struct E4M3 {  // OCP 8-bit floating point: no Inf, NaN is S.1111.111
  static constexpr int kBits = 8, kMantissaBits = 3, kBias = 7;
  static constexpr float kMax = 448.0f;
};
struct E5M2 {  // OCP 8-bit floating point; Inf exists and is never produced
  static constexpr int kBits = 8, kMantissaBits = 2, kBias = 15;
  static constexpr float kMax = 57344.0f;
};
struct Fp16 {  // IEEE 754 binary16
  static constexpr int kBits = 16, kMantissaBits = 10, kBias = 15;
  static constexpr float kMax = 65504.0f;
};

// The smallest normal number of F, as the bits of an fp32.
template <class F>
inline constexpr uint32_t kSmallestNormalBits = static_cast<uint32_t>(128 - F::kBias) << 23;

// The power of two that starts the binade of `magnitude`, at least the smallest normal number of F.
template <class F>
FP4_HOST_DEVICE inline uint32_t BinadeBits(float magnitude) {
  uint32_t bits = FloatBits(magnitude) & kInfinityBits;
  return bits < kSmallestNormalBits<F> ? kSmallestNormalBits<F> : bits;
}

// The value of F nearest to a magnitude (not NaN), ties to even, saturating.
template <class F>
FP4_HOST_DEVICE inline float RoundMagnitude(float magnitude) {
  magnitude = Min(magnitude, F::kMax);
  float shift =
      BitsFloat(BinadeBits<F>(magnitude) + (static_cast<uint32_t>(23 - F::kMantissaBits) << 23));
  return (magnitude + shift) - shift;
}

// One of the two neighbours in F, so that the mean is the magnitude itself; saturating.
template <class F>
FP4_HOST_DEVICE inline float RoundMagnitudeStochastic(float magnitude, uint32_t random) {
  magnitude = Min(magnitude, F::kMax);
  uint32_t binade = BinadeBits<F>(magnitude);
  constexpr uint32_t kMantissa = static_cast<uint32_t>(F::kMantissaBits) << 23;
  float step = BitsFloat(binade - kMantissa);
  float inverse = BitsFloat((254u << 23) - binade + kMantissa);
  return RoundStochastic(magnitude * inverse, random) * step;
}

// The code, without its sign, of a magnitude that is a value of F.
template <class F>
FP4_HOST_DEVICE inline uint32_t CodeOfMagnitude(float value) {
  uint32_t bits = FloatBits(value);
  if (bits < kSmallestNormalBits<F>) {
    return static_cast<uint32_t>(
        value * BitsFloat(static_cast<uint32_t>(126 + F::kBias + F::kMantissaBits) << 23));
  }
  return (bits >> (23 - F::kMantissaBits)) -
         (static_cast<uint32_t>(127 - F::kBias) << F::kMantissaBits);
}

// The magnitude that a code stands for, its sign bit and the meaning of NaN and Inf left aside.
template <class F>
FP4_HOST_DEVICE inline float MagnitudeOfCode(uint32_t code) {
  uint32_t magnitude = code & ((1u << (F::kBits - 1)) - 1);
  if (magnitude < (1u << F::kMantissaBits)) {
    return static_cast<float>(magnitude) *
           BitsFloat(static_cast<uint32_t>(128 - F::kBias - F::kMantissaBits) << 23);
  }
  return BitsFloat((magnitude << (23 - F::kMantissaBits)) +
                   (static_cast<uint32_t>(127 - F::kBias) << 23));
}

// The sign bit of a code of F, taken from the sign of `value`: that of -0 counts.
template <class F>
FP4_HOST_DEVICE inline uint32_t SignOfCode(float value) {
  return (FloatBits(value) >> 31) << (F::kBits - 1);
}

// What OCP E4M3 and E5M2 bytes stand for. 0x7F and 0xFF are NaN in both; E5M2 has two more of each
// sign, and Inf.
FP4_HOST_DEVICE inline float E4M3Value(uint32_t code) {
  float magnitude = (code & 0x7F) == 0x7F ? BitsFloat(kNanBits) : MagnitudeOfCode<E4M3>(code);
  return code & 0x80 ? -magnitude : magnitude;
}
FP4_HOST_DEVICE inline float E5M2Value(uint32_t code) {
  uint32_t magnitude_code = code & 0x7F;
  float magnitude = magnitude_code > 0x7C    ? BitsFloat(kNanBits)
                    : magnitude_code == 0x7C ? BitsFloat(kInfinityBits)
                                             : MagnitudeOfCode<E5M2>(code);
  return code & 0x80 ? -magnitude : magnitude;
}
// OCP E2M1: every one of its 16 codes is a number.
FP4_HOST_DEVICE inline float E2M1Value(uint32_t code) {
  return code & 8 ? -MagnitudeOfCode<E2M1>(code) : MagnitudeOfCode<E2M1>(code);
}

// IEEE binary16 and bfloat16: overflow goes to Inf, a NaN becomes 0x7E00 and 0x7FC0.
FP4_HOST_DEVICE inline uint32_t Fp16Code(float value) {
  uint32_t sign = SignOfCode<Fp16>(value);
  if (IsNan(value)) return 0x7E00;
  if (Abs(value) >= 65520.0f) return sign | 0x7C00;
  return sign | CodeOfMagnitude<Fp16>(RoundMagnitude<Fp16>(Abs(value)));
}
FP4_HOST_DEVICE inline float Fp16Value(uint32_t code) {
  uint32_t magnitude_code = code & 0x7FFF;
  float magnitude = magnitude_code > 0x7C00    ? BitsFloat(kNanBits)
                    : magnitude_code == 0x7C00 ? BitsFloat(kInfinityBits)
                                               : MagnitudeOfCode<Fp16>(code);
  return code & 0x8000 ? -magnitude : magnitude;
}

// bfloat16 is the upper half of an fp32, rounded to nearest with ties to even.
FP4_HOST_DEVICE inline uint32_t Bf16Code(float value) {
  if (IsNan(value)) return 0x7FC0;
  uint32_t bits = FloatBits(value);
  return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
}
FP4_HOST_DEVICE inline float Bf16Value(uint32_t code) { return BitsFloat(code << 16); }

// Stochastic forms: what is finite stays finite (it saturates), Inf and NaN stay what they are.
FP4_HOST_DEVICE inline uint32_t Fp16CodeStochastic(float value, uint32_t random) {
  if (!IsFinite(value)) return Fp16Code(value);
  return SignOfCode<Fp16>(value) |
         CodeOfMagnitude<Fp16>(RoundMagnitudeStochastic<Fp16>(Abs(value), random));
}
FP4_HOST_DEVICE inline uint32_t Bf16CodeStochastic(float value, uint32_t random) {
  if (!IsFinite(value)) return Bf16Code(value);
  uint32_t code = (FloatBits(value) + (random >> 16)) >> 16;
  return (code & 0x7FFF) == 0x7F80 ? code - 1 : code;
}

}  // namespace fp4::numerics
