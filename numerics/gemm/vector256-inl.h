// What the 256-bit instruction sets share: all but the dot product itself.
#pragma once

#include "numerics/gemm/vector-inl.h"

namespace fp4::numerics::cpu {
namespace {

struct Vector256 {
  using Ints = __m256i;
  using Floats = __m256;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 3;  // 6 registers of sums, 6 of dot products, 4 for the rest

  static FP4_INLINE Ints LoadInts(const uint8_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static FP4_INLINE Ints RepeatInts(const uint8_t* from) {
    int32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return _mm256_set1_epi32(word);
  }
  static FP4_INLINE Floats LoadFloats(const float* from) { return _mm256_load_ps(from); }
  static FP4_INLINE Floats RepeatFloat(const uint8_t* from) {
    return _mm256_castsi256_ps(RepeatInts(from));
  }
  static FP4_INLINE void Store(Floats values, float* to) { _mm256_store_ps(to, values); }
  static FP4_INLINE Floats Mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static FP4_INLINE Floats MulAdd(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
};

void UnpackCodes(const uint8_t* codes, int num_groups, uint8_t* w) {
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kBiasedByCode)));
  const __m256i mask = _mm256_set1_epi8(15);
  for (int i = 0; i < 2 * num_groups; ++i) {
    __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + 32 * i));
    __m256i low = _mm256_and_si256(both, mask);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), mask);
    auto* to = reinterpret_cast<__m256i*>(w + i / 2 * kPanelColumns * kGroup + i % 2 * 32);
    _mm256_store_si256(to, _mm256_shuffle_epi8(table, low));
    _mm256_store_si256(to + 2, _mm256_shuffle_epi8(table, high));
  }
}

void UnpackScales(const uint16_t* scales, int size, float* w_scales) {
  for (int i = 0; i < size; i += 8) {
    __m256i bits =
        _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(scales + i)));
    _mm256_store_ps(w_scales + i, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
  }
}

FP4_INLINE __m128 Scaled(__m128 sums, __m256d factor) {
  return _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_cvtps_pd(sums), factor));
}

void Finish(const float* sums, double factor, int size, float* y) {
  const __m256d factors = _mm256_set1_pd(factor);
  const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FC00000));
  for (int i = 0; i < size; i += 8) {
    __m256 scaled = _mm256_set_m128(Scaled(_mm_load_ps(sums + i + 4), factors),
                                    Scaled(_mm_load_ps(sums + i), factors));
    scaled = _mm256_blendv_ps(scaled, nan, _mm256_cmp_ps(scaled, scaled, _CMP_UNORD_Q));
    if (i + 8 <= size) {
      _mm256_storeu_ps(y + i, scaled);
    } else {
      alignas(32) float rest[8];
      _mm256_store_ps(rest, scaled);
      for (int j = 0; i + j < size; ++j) y[i + j] = rest[j];
    }
  }
}

}  // namespace
}  // namespace fp4::numerics::cpu
