// AVX2 and FMA. Products of bytes are summed in 16 bits first (vpmaddubsw). A block of 32 adds at
// most 16 products of 24 · 12 to each sum, which makes 4608: far from saturating.
#include "numerics/gemm/vector256-inl.h"

namespace fp4::numerics::cpu {
namespace {

struct Avx2 : Vector256 {
  using Dots = __m256i;  // pairs of 16 bits

  static FP4_INLINE Dots Start(const uint8_t* /*start*/) { return _mm256_setzero_si256(); }
  static FP4_INLINE Dots Add(Dots dots, Ints biased, Ints values) {
    return _mm256_add_epi16(dots, _mm256_maddubs_epi16(biased, values));
  }
  static FP4_INLINE Floats Finish(Dots dots, const uint8_t* start) {
    __m256i sums = _mm256_madd_epi16(dots, _mm256_set1_epi16(1));
    return _mm256_cvtepi32_ps(_mm256_add_epi32(sums, RepeatInts(start)));
  }
};

}  // namespace

const GemmKernels kGemmAvx2 = {UnpackCodes, UnpackScales, Multiply<Avx2>, Finish};

}  // namespace fp4::numerics::cpu
