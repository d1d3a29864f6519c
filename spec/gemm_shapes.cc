#include "spec/gemm_shapes.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace fp4::spec {
namespace {

// X, W or dY as it lies in memory.
numerics::MatrixShape TensorShape(OperandTensor tensor, const GemmSizes& sizes) {
  switch (tensor) {
    case OperandTensor::kWeights:
      return {sizes.out, sizes.in};
    case OperandTensor::kActivations:
      return {sizes.rows, sizes.in};
    case OperandTensor::kGradients:
      return {sizes.rows, sizes.out};
  }
  return {};
}

}  // namespace

std::string_view GemmName(Gemm gemm) {
  switch (gemm) {
    case Gemm::kFprop:
      return "fprop";
    case Gemm::kDgrad:
      return "dgrad";
    case Gemm::kWgrad:
      return "wgrad";
  }
  return "";
}

std::string_view OperandName(OperandTensor tensor) {
  switch (tensor) {
    case OperandTensor::kWeights:
      return "weights";
    case OperandTensor::kActivations:
      return "activations";
    case OperandTensor::kGradients:
      return "gradients";
  }
  return "";
}

numerics::MatrixShape OperandShape(OperandUse use, const GemmSizes& sizes, bool as_in_fprop) {
  numerics::MatrixShape shape = TensorShape(TensorOf(use), sizes);
  const bool blocks_of_fprop = use.second && as_in_fprop;
  if (QuantizedTransposed(use) && !blocks_of_fprop) std::swap(shape.rows, shape.columns);
  return shape;
}

bool QuantizesRows(const LayerPrecision& layer) {
  return std::ranges::any_of(kOperandUses, [&layer](OperandUse use) {
    const GemmPrecision& gemm = layer.gemm(use.gemm);
    return TensorOf(use) != OperandTensor::kWeights && (use.second ? gemm.b : gemm.a).quantized();
  });
}

}  // namespace fp4::spec
