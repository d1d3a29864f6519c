// AVX-VNNI: the instruction vpdpbusd on vectors of 256 bits, which processors without AVX-512 have.
#include "numerics/gemm/vnni256-inl.h"

namespace fp4::numerics::cpu {
namespace {

struct AvxVnni {
  static FP4_INLINE __m256i DotAdd(__m256i dots, __m256i biased, __m256i values) {
    return _mm256_dpbusd_avx_epi32(dots, biased, values);
  }
};

}  // namespace

const GemmKernels kGemmAvxVnni = {UnpackCodes, UnpackScales, Multiply<Vnni256<AvxVnni>>, Finish};

}  // namespace fp4::numerics::cpu
