// The kernels of AVX-VNNI with the same instruction in AVX-512's encoding: all that the former have
// of their own runs on a machine that only has the latter.
#include "numerics/gemm/vnni256-inl.h"

namespace fp4::numerics::cpu {
namespace {

struct Avx512Encoding {
  static FP4_INLINE __m256i DotAdd(__m256i dots, __m256i biased, __m256i values) {
    return _mm256_dpbusd_epi32(dots, biased, values);
  }
};

}  // namespace

extern const GemmKernels kGemmVnni256Evex;
const GemmKernels kGemmVnni256Evex = {UnpackCodes, UnpackScales, Multiply<Vnni256<Avx512Encoding>>,
                                      Finish};

}  // namespace fp4::numerics::cpu
