// The product of two 4-bit matrices, computed from their codes as a tensor core would: integer dot
// products of E2M1 elements, block scales applied to each. For evaluating or serving a packed model
// on a CPU.
//
//   Y (M, N) = X (M, K) · W (N, K)ᵀ
//
// the operand layout of a linear layer: X are activations, W the weight as it is stored, blocks of
// both run along K. Both are what Encode makes of `nvfp4` (1x16 or 16x16 blocks, with or without
// four-over-six or MS-EDEN) or of `mxfp4`.
//
// The order, which every path below follows bit for bit (docs/gemm.md):
//   sum = +0 in fp32; for each block b of K in ascending order
//     d = Σ x·w over the elements of the block: exact, a multiple of 1/4
//     p = d · sx(b) · sw(b), rounded to fp32 once (never inexact but where E8M0 scales make it
//         leave the range of fp32)
//     sum = sum + p, rounded to fp32
//   y = sum · (fx · fw) in fp64, rounded to fp32
// with f the operand's factor: amax/2688 (or what else its options make of it) times 1/prescale.
// A NaN is 0x7FC00000. Rotations (`hadamard`) are not undone: both operands must have the same size
// and signs, and it cancels. Seeds and streams of their rounding may differ.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "numerics/format.h"
#include "numerics/parallel.h"

namespace fp4::numerics {

// A matrix as Encode made it, and how. Nothing is owned.
struct GemmOperand {
  const Format* format = nullptr;
  const Quantized* quantized = nullptr;
  QuantizeOptions options;
};

// What decides whether two operands can be multiplied, and what their product is multiplied by.
struct GemmTerms {
  std::string_view format;
  MatrixShape shape;
  int64_t block_rows = 0, block_columns = 0;
  int hadamard = 0;     // 0: not rotated
  RotationSigns signs;  // as in the options where the operand is rotated, else left at the default
  double factor = 1.0;
};

// Operands in the layout of the kernels, the same for every instruction set. The vectors are the
// business of numerics/cpu. Immutable once packed: any number of threads may multiply with one.
struct PackedOperand {
  GemmTerms terms;
  // Of the E8M0 scales of blocks that are not all zero; 0 to 0 where there are none.
  int min_exponent = 0, max_exponent = 0;
};
struct PackedActivations : PackedOperand {
  std::vector<uint8_t> panels;
  int64_t bytes() const {
    return static_cast<int64_t>(panels.size());
  }  // 1.5 per element; mxfp4: 1.25
};
struct PackedWeights : PackedOperand {
  std::vector<uint8_t> codes;
  std::vector<uint16_t> scales;
  int64_t bytes() const {  // 0.625 per element of nvfp4, 0.5625 of mxfp4
    return static_cast<int64_t>(codes.size() + 2 * scales.size());
  }
};

// `packed` takes the result; its memory is reused. The weights of a model are packed once,
// activations for each product. INVALID_ARGUMENT says why an operand cannot be multiplied: a format
// without E2M1 elements and blocks along K, options that Format::Check refuses, storage that does
// not have the size of its shape.
absl::Status PackActivations(const GemmOperand& x, PackedActivations& packed,
                             const ParallelFor& parallel);
absl::Status PackWeights(const GemmOperand& w, PackedWeights& packed, const ParallelFor& parallel);

// The instruction sets that the kernels are written for, slowest first.
enum class GemmPath : uint8_t { kPortable, kAvx2, kAvxVnni, kAvx512Vnni };
inline constexpr GemmPath kAllGemmPaths[] = {GemmPath::kPortable, GemmPath::kAvx2,
                                             GemmPath::kAvxVnni, GemmPath::kAvx512Vnni};

std::string_view GemmPathName(GemmPath path);
bool GemmPathAvailable(GemmPath path);  // on this machine, in this build
GemmPath BestGemmPath();

// `y` has M·N elements, row-major, and is overwritten. Thread-safe for distinct `y`. The result
// depends neither on the path nor on how `parallel` cuts the work. INVALID_ARGUMENT: different
// formats, K or rotations; a `y` of another size; a path that this machine lacks.
absl::Status Multiply(const PackedActivations& x, const PackedWeights& w, std::span<float> y,
                      const ParallelFor& parallel, GemmPath path = BestGemmPath());

// The definition: scalar, straight from the codes, slow. The same errors.
absl::Status MultiplyReference(const GemmOperand& x, const GemmOperand& w, std::span<float> y);

}  // namespace fp4::numerics
