// The three GEMMs of a layer: which tensors they multiply, over which dimension, and what their
// operands look like to a quantizer. With X (rows, in), W (out, in) and dY (rows, out):
//   fprop  Y  = X W^T    contracts over in
//   dgrad  dX = dY W     contracts over out
//   wgrad  dW = dY^T X   contracts over rows
// The blocks of an operand run along the dimension over which its GEMM contracts; an operand that
// enters "as in fprop" (GemmPrecision::b_as_in_fprop) keeps the blocks that it has there. `rows`
// are those of one GEMM call: record by record what a micro-batch holds (for a transformer
// micro_batch_size x sequence_length).
#pragma once

#include <cstdint>
#include <string_view>

#include "numerics/format.h"
#include "spec/run_spec.h"

namespace fp4::spec {

struct GemmSizes {
  int64_t rows = 0, out = 0, in = 0;
};

enum class GemmDimension : uint8_t { kRows, kOut, kIn };

// The dimension over which a GEMM contracts.
constexpr GemmDimension Contraction(Gemm gemm) {
  switch (gemm) {
    case Gemm::kFprop:
      return GemmDimension::kIn;
    case Gemm::kDgrad:
      return GemmDimension::kOut;
    case Gemm::kWgrad:
      return GemmDimension::kRows;
  }
  return GemmDimension::kIn;
}

// "fprop"
std::string_view GemmName(Gemm gemm);

// What a layer multiplies, as documents call it.
enum class OperandTensor : uint8_t { kWeights, kActivations, kGradients };

// Where an operand enters: in which GEMM, and as its first or second factor.
struct OperandUse {
  Gemm gemm;
  bool second;
  bool operator==(const OperandUse&) const = default;
};

inline constexpr OperandUse kOperandUses[] = {
    {Gemm::kFprop, false}, {Gemm::kFprop, true},  {Gemm::kDgrad, false},
    {Gemm::kDgrad, true},  {Gemm::kWgrad, false}, {Gemm::kWgrad, true},
};

constexpr OperandTensor TensorOf(OperandUse use) {
  if (use.gemm == Gemm::kFprop)
    return use.second ? OperandTensor::kWeights : OperandTensor::kActivations;
  if (!use.second) return OperandTensor::kGradients;
  return use.gemm == Gemm::kDgrad ? OperandTensor::kWeights : OperandTensor::kActivations;
}

// "weights"
std::string_view OperandName(OperandTensor tensor);

// Whether an operand is quantized as the transpose of its tensor X, W or dY, whose columns are in,
// in and out: where its GEMM contracts over the rows of it.
constexpr bool QuantizedTransposed(OperandUse use) {
  return (use.gemm == Gemm::kDgrad && use.second) || use.gemm == Gemm::kWgrad;
}

// The matrix that the quantizer of an operand sees: its columns are the contraction dimension.
// `as_in_fprop`: a second factor has the blocks of fprop.
numerics::MatrixShape OperandShape(OperandUse use, const GemmSizes& sizes, bool as_in_fprop);

// Whether the layer's activations or gradients are quantized in some GEMM. A head then takes the
// rows of a micro-batch whole: blocks along rows and the scale of a tensor reach over all of them.
bool QuantizesRows(const LayerPrecision& layer);

}  // namespace fp4::spec
