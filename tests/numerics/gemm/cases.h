// Operands for the tests of numerics/gemm/gemm.h: encoded tensors, and storage made of random
// bytes.
#pragma once

#include <string>
#include <vector>

#include "numerics/gemm/dispatch.h"
#include "numerics/gemm/gemm.h"

namespace fp4::numerics {

// A matrix with its storage.
struct OwnedOperand {
  const Format* format = nullptr;
  Quantized quantized;
  QuantizeOptions options;
  GemmOperand view() const { return {format, &quantized, options}; }
};

OwnedOperand EncodeOperand(std::string_view format, MatrixShape shape,
                           const std::vector<float>& values, const QuantizeOptions& options = {});

// Codes and scale bytes drawn from all that there are, NaN scales and those of both ends included:
// storage that no tensor would be encoded to, but that a file may hold. `scale_bytes` are the ones
// to draw from; empty: all 256.
OwnedOperand RandomOperand(std::string_view format, MatrixShape shape, uint64_t seed,
                           const std::vector<uint8_t>& scale_bytes = {},
                           std::string_view block = "");

// The product by the definition.
std::vector<float> ReferenceProduct(const OwnedOperand& x, const OwnedOperand& w);

// Kernels that this machine runs. Beside those of the paths: AVX-VNNI's in the other encoding of
// its instruction.
struct TestedKernels {
  std::string name;
  const cpu::GemmKernels* kernels = nullptr;
};
const std::vector<TestedKernels>& AllTestedKernels();

// The product by these, and by the best path.
std::vector<float> Product(const OwnedOperand& x, const OwnedOperand& w,
                           const cpu::GemmKernels& kernels, const ParallelFor& parallel);
std::vector<float> Product(const OwnedOperand& x, const OwnedOperand& w);

}  // namespace fp4::numerics
