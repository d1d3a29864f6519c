// 256-bit vectors with vpdpbusd. Instruction::DotAdd is that instruction in one of its two
// encodings: AVX-VNNI's, or, for the tests on a machine without that, AVX-512's.
#pragma once

#include "numerics/gemm/vector256-inl.h"

namespace fp4::numerics::cpu {
namespace {

template <class Instruction>
struct Vnni256 : Vector256 {
  using Dots = __m256i;

  static FP4_INLINE Dots Start(const uint8_t* start) { return RepeatInts(start); }
  static FP4_INLINE Dots Add(Dots dots, Ints biased, Ints values) {
    return Instruction::DotAdd(dots, biased, values);
  }
  static FP4_INLINE Floats Finish(Dots dots, const uint8_t* /*start*/) {
    return _mm256_cvtepi32_ps(dots);
  }
};

}  // namespace
}  // namespace fp4::numerics::cpu
