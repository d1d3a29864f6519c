// Random Hadamard rotation of groups of 16, 32, 64 or 128 elements along the columns: y = x diag(s)
// H / sqrt(n), H being Sylvester's matrix; its inverse is x = diag(s) (y H / sqrt(n)), because H H
// = n I and H is symmetric.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/random.h"

namespace fp4::numerics {

inline constexpr int kMaxHadamard = 128;

// The stream of the signs, outside the range of QuantizeOptions::stream: they do not depend on it,
// so that two operands with streams of their own still rotate alike.
inline constexpr uint64_t kHadamardKey = 0x48414441;

// Sign `index` of a group (the same for every group of a tensor): +1 or -1.
FP4_HOST_DEVICE inline float HadamardSign(uint64_t seed, uint64_t step, int index) {
  uint32_t bits =
      Philox(MixBits(seed) ^ kHadamardKey, static_cast<uint64_t>(index / 32), step).words[0];
  return (bits >> (index % 32)) & 1 ? -1.0f : 1.0f;
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
