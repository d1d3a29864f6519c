// From the largest magnitude of a block to its scale, as stored and as applied. Host and device.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/minifloat.h"
#include "numerics/format.h"

namespace fp4::numerics {

// How a block's scale is stored, what its elements are multiplied or divided by before rounding,
// and what a decoded element is multiplied by.
struct BlockScale {
  uint32_t stored = 0;  // fp32 bits, or the E4M3 or E8M0 byte
  float encode = 0.0f;
  float decode = 0.0f;
  bool poisoned = false;  // covers a NaN or Inf: codes are 0 and decode is NaN
};

// --- E8M0: OCP Microscaling v1.0, section 5.4.1; the modes as in torchao (floor, even, ceil) and
// Transformer Engine (rceil).

struct PowerOfTwoRule {
  ScaleMode mode = ScaleMode::kFloor;
  int max_exponent = 2;   // exponent of the element format's largest number: 2 of E2M1, 8 of E4M3
  int mantissa_bits = 1;  // of the element format
  float inverse_max = 1.0f / 6.0f;
};

FP4_HOST_DEVICE inline uint32_t E8M0Byte(float amax, const PowerOfTwoRule& rule) {
  if (amax == 0.0f) return 0;
  uint32_t bits = FloatBits(rule.mode == ScaleMode::kRoundCeil ? amax * rule.inverse_max : amax);
  if (rule.mode == ScaleMode::kEven)
    bits = (bits + (1u << (22 - rule.mantissa_bits))) & kInfinityBits;
  int exponent = static_cast<int>(bits >> 23);
  uint32_t mantissa = bits & 0x7FFFFF;
  if (rule.mode == ScaleMode::kRoundCeil) {
    if (mantissa > 0 && !(exponent == 0 && mantissa <= 0x400000)) ++exponent;
  } else {
    exponent -= rule.max_exponent;
    if (rule.mode == ScaleMode::kCeil && mantissa > 0) ++exponent;
  }
  return static_cast<uint32_t>(exponent < 0 ? 0 : exponent > 254 ? 254 : exponent);
}

// 2^(byte - 127); byte 0 is the subnormal 2^-127.
FP4_HOST_DEVICE inline float E8M0Value(uint32_t byte) {
  if (byte == 255) return BitsFloat(kNanBits);
  return byte == 0 ? BitsFloat(0x400000) : BitsFloat(byte << 23);
}

FP4_HOST_DEVICE inline BlockScale PowerOfTwoScale(float amax, bool poisoned,
                                                  const PowerOfTwoRule& rule) {
  if (poisoned) return {255, 0.0f, BitsFloat(kNanBits), true};
  uint32_t byte = E8M0Byte(amax, rule);
  return {byte, E8M0Value(254 - byte), E8M0Value(byte), false};
}

// --- fp32 scales.

// bitsandbytes: elements times 1/absmax, decoded values times absmax.
FP4_HOST_DEVICE inline BlockScale ReciprocalScale(float amax, bool poisoned) {
  if (poisoned) return {kNanBits, 0.0f, BitsFloat(kNanBits), true};
  return {FloatBits(amax), amax > 0.0f ? 1.0f / amax : 0.0f, amax, false};
}

// scale = amax / max_value; elements are divided by it. A scale of 0 (also by underflow) means
// codes of 0.
FP4_HOST_DEVICE inline BlockScale DividedScale(float amax, bool poisoned, float max_value) {
  if (poisoned) return {kNanBits, 0.0f, BitsFloat(kNanBits), true};
  float scale = amax / max_value;
  return {FloatBits(scale), scale, scale, false};
}

// The mean magnitude: of a tensor for ternary (BitNet b1.58, which bounds it from below), of a row
// for binary.
FP4_HOST_DEVICE inline BlockScale MeanScale(ElementType element, float mean, bool poisoned) {
  if (poisoned) return {kNanBits, 0.0f, BitsFloat(kNanBits), true};
  // Not Max: a NaN mean has to stay one.
  float applied = element == ElementType::kTernary && mean < 1e-5f ? 1e-5f : mean;
  return {FloatBits(mean), applied, applied, false};
}

// --- NVFP4: an E4M3 scale for each block under one fp32 scale for the tensor (NVIDIA Transformer
// Engine).

struct TwoLevelRule {
  float encode = 1.0f;  // s_enc: the tensor's amax goes to 6 times the largest block scale
  float inverse_encode = 1.0f;
  float decode = 1.0f;  // what decoded values are multiplied by, after the block scale
  // Four-over-six compares errors in units of a power of two near the tensor's amax, so that their
  // squares neither overflow nor vanish and the choice does not depend on the tensor's scale.
  float to_units = 1.0f;      // what an original value is multiplied by; exact
  float decode_units = 1.0f;  // as `decode`, in those units
};

// The power of two that brings `amax` into [1, 2), as far as it is a normal number itself: amax
// below 2^-126 becomes less than 1, and from 2^127 on it becomes less than 4.
FP4_HOST_DEVICE inline float PowerOfTwoToUnits(float amax) {
  const uint32_t exponent = FloatBits(amax) >> 23;  // of a finite number: 0 to 254
  const uint32_t inverse = exponent == 0 ? 253 : exponent == 254 ? 1 : 254 - exponent;
  return BitsFloat(inverse << 23);
}

// `largest` is 6 times the largest block scale: 2688, or 1536 with four-over-six. `amax` is finite.
FP4_HOST_DEVICE inline TwoLevelRule MakeTwoLevelRule(float amax, float largest) {
  TwoLevelRule rule;
  rule.encode = amax > 0.0f ? Min(largest / amax, kFloatMax) : 1.0f;
  rule.inverse_encode = 1.0f / rule.encode;
  rule.decode = amax / largest;
  rule.to_units = PowerOfTwoToUnits(amax);
  rule.decode_units = amax * rule.to_units / largest;
  return rule;
}

// `stretch` is 1, or 1.5 for the block scale that maps the block's amax to 4 instead of 6.
FP4_HOST_DEVICE inline BlockScale TwoLevelScale(float amax, bool poisoned, const TwoLevelRule& rule,
                                                float stretch) {
  if (poisoned) return {0x7F, 0.0f, BitsFloat(kNanBits), true};
  float wanted = amax * (rule.encode * (1.0f / 6.0f));
  if (stretch != 1.0f) wanted *= stretch;
  float scale = RoundMagnitude<E4M3>(Min(wanted, E4M3::kMax));
  float encode = Min(1.0f / (scale * rule.inverse_encode), kFloatMax);
  return {CodeOfMagnitude<E4M3>(scale), encode, scale, false};
}

// Prescaling shrinks the elements, not the amax that their scale is made from: room below the
// format's largest number.
FP4_HOST_DEVICE inline BlockScale Prescaled(BlockScale scale, ScaleRule rule, float prescale) {
  if (prescale == 1.0f) return scale;
  scale.encode = rule == ScaleRule::kDivided ? scale.encode / prescale : scale.encode * prescale;
  return scale;
}

}  // namespace fp4::numerics
