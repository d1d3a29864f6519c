// The scalar arithmetic of every element type: from a scaled value to its code, and from the code
// to its value. This is the definition that docs/formats.md ("Elements") puts in words. Host and
// device run the same source; the vector code (numerics/cpu/elements-inl.h) does the same
// operations in the same order.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/block_scale.h"
#include "numerics/arithmetic/codebook.h"
#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/minifloat.h"
#include "numerics/format.h"

namespace fp4::numerics {

// What an element is rounded as: its value, and that value in units of its block's scale.
struct ScaledElement {
  float value = 0.0f;
  float scaled = 0.0f;
};

// Brings an element to its block's scale as the scale rule says: by a true division under kDivided
// and kMean, else by a product with the scale's reciprocal. A scale of 0 gives the code of 0, but
// under kMean the sign of the element still counts.
FP4_HOST_DEVICE inline ScaledElement ApplyScale(float value, const BlockScale& scale,
                                                ScaleRule rule) {
  if (rule != ScaleRule::kDivided && rule != ScaleRule::kMean) return {value, value * scale.encode};
  if (scale.encode == 0.0f) return {rule == ScaleRule::kMean ? value : 0.0f, 0.0f};
  return {value, value / scale.encode};
}

// `value` cut to [-limit, limit]. A NaN becomes `limit`: NaNs do not come here, because a block
// that holds one is poisoned and its codes are 0.
FP4_HOST_DEVICE inline float Clamp(float value, float limit) {
  return Max(Min(value, limit), -limit);
}

// The code of a small floating-point number (numerics/arithmetic/minifloat.h), sign included:
// nearest with ties to even, saturating; a NaN becomes 0x7F, which only the 8-bit types have.
template <class F>
FP4_HOST_DEVICE inline uint32_t MinifloatCode(float scaled) {
  if (IsNan(scaled)) return 0x7F;
  return SignOfCode<F>(scaled) | CodeOfMagnitude<F>(RoundMagnitude<F>(Abs(scaled)));
}
// The same with one of the two neighbours, chosen by `random` so that the mean is the value.
template <class F>
FP4_HOST_DEVICE inline uint32_t MinifloatCodeStochastic(float scaled, uint32_t random) {
  if (IsNan(scaled)) return 0x7F;
  return SignOfCode<F>(scaled) |
         CodeOfMagnitude<F>(RoundMagnitudeStochastic<F>(Abs(scaled), random));
}

// A symmetric integer of [-limit, limit] in two's complement; `mask` keeps the bits that are
// stored.
FP4_HOST_DEVICE inline uint32_t IntegerCode(float scaled, float limit, uint32_t mask) {
  return static_cast<uint32_t>(static_cast<int32_t>(RoundToEven(Clamp(scaled, limit)))) & mask;
}
FP4_HOST_DEVICE inline uint32_t IntegerCodeStochastic(float scaled, float limit, uint32_t mask,
                                                      uint32_t random) {
  auto magnitude = static_cast<int32_t>(RoundStochastic(Min(Abs(scaled), limit), random));
  return static_cast<uint32_t>(scaled < 0.0f ? -magnitude : magnitude) & mask;
}

// The code of an element, rounded to nearest as its type defines it. kOther has no code here.
FP4_HOST_DEVICE inline uint32_t EncodeNearest(ElementType type, ScaledElement x) {
  switch (type) {
    case ElementType::kFp4:
      return Fp4Code(x.scaled, x.value < 0.0f);
    case ElementType::kNf4:
      return static_cast<uint32_t>(NearestRank<Nf4Book>(x.scaled));
    case ElementType::kE2M1:
      return MinifloatCode<E2M1>(x.scaled);
    case ElementType::kE4M3:
      return MinifloatCode<E4M3>(x.scaled);
    case ElementType::kE5M2:
      return MinifloatCode<E5M2>(x.scaled);
    case ElementType::kInt8:
      return IntegerCode(x.scaled, 127.0f, 0xFF);
    case ElementType::kInt4:
      return IntegerCode(x.scaled, 7.0f, 0xF);
    case ElementType::kTernary:
      return IntegerCode(x.scaled, 1.0f, ~0u) + 1;
    case ElementType::kBinary:
      return x.value < 0.0f;
    case ElementType::kFp16:
      return Fp16Code(x.value);
    case ElementType::kBf16:
      return Bf16Code(x.value);
    case ElementType::kFp32:
      return FloatBits(x.value);
    case ElementType::kOther:
      break;
  }
  return 0;
}

// The code of one of the two neighbouring levels, chosen by 32 random bits so that the mean over
// them is the value; beyond the largest level, that level. Types that Format::Check does not let
// through with stochastic rounding are rounded to nearest.
FP4_HOST_DEVICE inline uint32_t EncodeStochastic(ElementType type, ScaledElement x,
                                                 uint32_t random) {
  switch (type) {
    case ElementType::kFp4:
      return Fp4CodeStochastic(x.scaled, x.value < 0.0f, random);
    case ElementType::kNf4:
      return static_cast<uint32_t>(StochasticRank<Nf4Book>(x.scaled, random));
    case ElementType::kE2M1:
      return MinifloatCodeStochastic<E2M1>(x.scaled, random);
    case ElementType::kE4M3:
      return MinifloatCodeStochastic<E4M3>(x.scaled, random);
    case ElementType::kE5M2:
      return MinifloatCodeStochastic<E5M2>(x.scaled, random);
    case ElementType::kInt8:
      return IntegerCodeStochastic(x.scaled, 127.0f, 0xFF, random);
    case ElementType::kInt4:
      return IntegerCodeStochastic(x.scaled, 7.0f, 0xF, random);
    case ElementType::kFp16:
      return Fp16CodeStochastic(x.value, random);
    case ElementType::kBf16:
      return Bf16CodeStochastic(x.value, random);
    case ElementType::kTernary:
    case ElementType::kBinary:
    case ElementType::kFp32:
    case ElementType::kOther:
      break;
  }
  return EncodeNearest(type, x);
}

// The value of a code, before scales.
FP4_HOST_DEVICE inline float ElementValue(ElementType type, uint32_t code) {
  switch (type) {
    case ElementType::kFp4:
      return Fp4Value(code);
    case ElementType::kNf4:
      return Nf4Value(code);
    case ElementType::kE2M1:
      return E2M1Value(code);
    case ElementType::kE4M3:
      return E4M3Value(code);
    case ElementType::kE5M2:
      return E5M2Value(code);
    case ElementType::kInt8:
      return static_cast<float>(static_cast<int8_t>(code));
    case ElementType::kInt4:
      return static_cast<float>(static_cast<int32_t>(code ^ 8u) - 8);
    case ElementType::kTernary:
      return static_cast<float>(static_cast<int32_t>(code) - 1);
    case ElementType::kBinary:
      return code != 0 ? -1.0f : 1.0f;
    case ElementType::kFp16:
      return Fp16Value(code);
    case ElementType::kBf16:
      return Bf16Value(code);
    case ElementType::kFp32:
      return BitsFloat(code);
    case ElementType::kOther:
      break;
  }
  return 0.0f;
}

}  // namespace fp4::numerics
