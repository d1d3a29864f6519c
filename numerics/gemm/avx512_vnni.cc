// AVX-512 with VNNI: the instruction vpdpbusd on vectors of 512 bits.
#include "numerics/gemm/vector-inl.h"

namespace fp4::numerics::cpu {
namespace {

struct Avx512Vnni {
  using Ints = __m512i;
  using Floats = __m512;
  using Dots = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 6;  // 12 registers of sums, 12 of dot products, 8 for the rest

  static FP4_INLINE Ints LoadInts(const uint8_t* from) { return _mm512_load_si512(from); }
  static FP4_INLINE Ints RepeatInts(const uint8_t* from) {
    int32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return _mm512_set1_epi32(word);
  }
  static FP4_INLINE Floats LoadFloats(const float* from) { return _mm512_load_ps(from); }
  static FP4_INLINE Floats RepeatFloat(const uint8_t* from) {
    return _mm512_castsi512_ps(RepeatInts(from));
  }
  static FP4_INLINE void Store(Floats values, float* to) { _mm512_store_ps(to, values); }
  static FP4_INLINE Floats Mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static FP4_INLINE Floats MulAdd(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }

  static FP4_INLINE Dots Start(const uint8_t* start) { return RepeatInts(start); }
  static FP4_INLINE Dots Add(Dots dots, Ints biased, Ints values) {
    return _mm512_dpbusd_epi32(dots, biased, values);
  }
  static FP4_INLINE Floats Finish(Dots dots, const uint8_t* /*start*/) {
    return _mm512_cvtepi32_ps(dots);
  }
};

void UnpackCodes(const uint8_t* codes, int num_groups, uint8_t* w) {
  const __m512i table =
      _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(kBiasedByCode)));
  const __m512i mask = _mm512_set1_epi8(15);
  for (int group = 0; group < num_groups; ++group) {
    __m512i both = _mm512_loadu_si512(codes + group * kGroupBytes);
    __m512i low = _mm512_and_si512(both, mask);
    __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), mask);
    uint8_t* to = w + group * kPanelColumns * kGroup;
    _mm512_store_si512(to, _mm512_shuffle_epi8(table, low));
    _mm512_store_si512(to + 64, _mm512_shuffle_epi8(table, high));
  }
}

void UnpackScales(const uint16_t* scales, int size, float* w_scales) {
  for (int i = 0; i < size; i += 16) {
    __m512i bits =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(scales + i)));
    _mm512_store_ps(w_scales + i, _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16)));
  }
}

FP4_INLINE __m256 Scaled(__m256 sums, __m512d factors) {
  return _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_cvtps_pd(sums), factors));
}

void Finish(const float* sums, double factor, int size, float* y) {
  const __m512d factors = _mm512_set1_pd(factor);
  const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32(0x7FC00000));
  for (int i = 0; i < size; i += 16) {
    __m512 scaled =
        _mm512_insertf32x8(_mm512_castps256_ps512(Scaled(_mm256_load_ps(sums + i), factors)),
                           Scaled(_mm256_load_ps(sums + i + 8), factors), 1);
    scaled = _mm512_mask_mov_ps(scaled, _mm512_cmp_ps_mask(scaled, scaled, _CMP_UNORD_Q), nan);
    auto lanes = static_cast<__mmask16>(size - i >= 16 ? 0xFFFF : (1 << (size - i)) - 1);
    _mm512_mask_storeu_ps(y + i, lanes, scaled);
  }
}

}  // namespace

const GemmKernels kGemmAvx512Vnni = {UnpackCodes, UnpackScales, Multiply<Avx512Vnni>, Finish};

}  // namespace fp4::numerics::cpu
