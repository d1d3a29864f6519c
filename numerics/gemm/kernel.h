// The layout of packed operands, and the kernels that read it: one table of functions for each
// instruction set. Included by sources that are compiled for an instruction set which not every
// machine has: nothing here, and nothing that those include, may be an inline function or a
// template that another source could share.
#pragma once

#include <cstdint>

namespace fp4::numerics::cpu {

// X is cut into panels of 6 rows: 12 registers of sums and 12 of dot products for 32 columns leave
// room for the operands. W is cut into panels of 32 columns of Y, that is, of 32 of its own rows.
inline constexpr int kPanelRows = 6;
inline constexpr int kPanelColumns = 32;
inline constexpr int kGroup = 4;  // elements along K that one 32-bit lane multiplies at a time
// Elements along K for which W is unpacked at a time, to stay in the first-level cache.
inline constexpr int kChunk = 512;

// W holds doubled elements, -12…12, plus this: unsigned, as vpdpbusd wants one operand.
inline constexpr int kBias = 12;

// A block of a panel of X is, for C columns of the block,
//   int8 values[C / 4][6][4]   doubled elements
//   int32 start[6]             -12 · Σ values of the row: what takes the bias out again
//   float scales[6]
// and blocks follow each other along K. Rows and columns beyond the matrix are zeros.
#define FP4_GEMM_BLOCK_BYTES(columns) (kPanelRows * ((columns) + 8))

// A panel of W is, for each group of 4 along K, 64 bytes: byte 4c + k holds the codes of element k
// of column c (low half) and of column c + 16 (high half); apart, for each block along K, the
// scales of its 32 columns divided by 4 (both operands are doubled), as bf16, in which they are
// exact.
inline constexpr int kGroupBytes = kPanelColumns * kGroup / 2;

struct GemmStep {
  const uint8_t* x = nullptr;  // blocks of a panel of X, from the first row that is wanted
  const uint8_t* w = nullptr;  // what unpack_codes of the same kernels made of num_blocks blocks
  const float* w_scales = nullptr;  // (num_blocks, 32); 64-byte aligned
  int block_columns = 0;            // 16 or 32
  int num_blocks = 0;
  int num_rows = 0;       // 1…6
  float* sums = nullptr;  // (num_rows, 32), added to; 64-byte aligned
};

struct GemmKernels {
  // `num_groups` groups of a panel's codes to biased bytes, 128 for each group; in the order
  // (group, 32, 4) but for the portable kernels. `w` is 64-byte aligned.
  void (*unpack_codes)(const uint8_t* codes, int num_groups, uint8_t* w);
  // bf16 to fp32; `size` is a multiple of 32.
  void (*unpack_scales)(const uint16_t* scales, int size, float* w_scales);
  void (*multiply)(const GemmStep& step);
  // y = sum · factor in fp64, rounded to fp32; a NaN is 0x7FC00000. `size` is at most 32.
  void (*finish)(const float* sums, double factor, int size, float* y);
};

extern const GemmKernels kGemmPortable;
// Every product rounded to fp32 by itself, for scales whose products leave the range of fp32; slow.
extern const GemmKernels kGemmPortableWide;
#if defined(__x86_64__)
extern const GemmKernels kGemmAvx2;
extern const GemmKernels kGemmAvxVnni;
extern const GemmKernels kGemmAvx512Vnni;
#endif

}  // namespace fp4::numerics::cpu
