// Random Hadamard rotation of groups of 16, 32, 64 or 128 elements along the columns: y = x diag(s)
// H / sqrt(n), H being Sylvester's matrix; its inverse is x = diag(s) (y H / sqrt(n)), because H H
// = n I and H is symmetric.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/random.h"
#include "numerics/quantize_options.h"

namespace fp4::numerics {

inline constexpr int kMaxHadamard = 128;

// The stream of the signs, outside the range of QuantizeOptions::stream, so that they are
// independent of the rounding even where both have the same seed.
inline constexpr uint64_t kHadamardKey = 0x48414441;

// The fixed signs of a group of 16, +++-+------+-+--: bit i is set where sign i is minus
// (NVIDIA Transformer Engine, the sign vector of its wgrad operands).
inline constexpr uint32_t kFixedSigns = 0xD7E8;

// The signs of a group, the same for every group of a tensor: bit i mod 32 of word i / 32 is set
// where sign i is minus.
struct SignBits {
  uint32_t words[kMaxHadamard / 32];
};

// kFixed repeats its sixteen signs; only groups of 16 are checked to take it.
FP4_HOST_DEVICE inline SignBits MakeSignBits(const RotationSigns& signs) {
  SignBits bits = {};
  for (uint64_t i = 0; i < kMaxHadamard / 32; ++i) {
    bits.words[i] = signs.pattern == RotationSigns::Pattern::kFixed
                        ? kFixedSigns * 0x10001u
                        : Philox(MixBits(signs.seed) ^ kHadamardKey, i, signs.step).words[0];
  }
  return bits;
}

// +1 or -1.
FP4_HOST_DEVICE inline float HadamardSign(uint32_t word, int bit) {
  return (word >> bit) & 1 ? -1.0f : 1.0f;
}

// The first n signs of a group, as RotateGroup takes them.
inline void FillSigns(const RotationSigns& signs, int n, float* out) {
  const SignBits bits = MakeSignBits(signs);
  for (int i = 0; i < n; ++i) out[i] = HadamardSign(bits.words[i / 32], i % 32);
}

// 1/sqrt(n) in fp32.
FP4_HOST_DEVICE inline float HadamardFactor(int n) {
  return n == 16 ? 0.25f : n == 32 ? 0.176776695f : n == 64 ? 0.125f : 0.0883883476f;
}

// group * H / sqrt(n) in place. The order is fixed: partners at distance 1, 2, 4, ..., then the
// factor.
FP4_HOST_DEVICE inline void HadamardTransform(float* group, int n) {
  for (int distance = 1; distance < n; distance *= 2) {
    for (int i = 0; i < n; ++i) {
      if (i & distance) continue;
      float a = group[i], b = group[i + distance];
      group[i] = a + b;
      group[i + distance] = a - b;
    }
  }
  for (int i = 0; i < n; ++i) group[i] *= HadamardFactor(n);
}

// Inf - Inf and NaN + NaN have no sign that all machines agree on; after a rotation every NaN is
// the same one.
FP4_HOST_DEVICE inline void UniteNans(float* group, int n) {
  for (int i = 0; i < n; ++i) {
    if (IsNan(group[i])) group[i] = BitsFloat(kNanBits);
  }
}

FP4_HOST_DEVICE inline void RotateGroup(float* group, const float* signs, int n) {
  for (int i = 0; i < n; ++i) group[i] *= signs[i];
  HadamardTransform(group, n);
  UniteNans(group, n);
}

FP4_HOST_DEVICE inline void RotateGroupBack(float* group, const float* signs, int n) {
  HadamardTransform(group, n);
  for (int i = 0; i < n; ++i) group[i] *= signs[i];
  UniteNans(group, n);
}

}  // namespace fp4::numerics
