#include "spec/tensor_core.h"

#include <algorithm>

namespace fp4::spec {
namespace {

using numerics::BlockShape;

// Formats that a tensor core multiplies with one another.
enum class Family : uint8_t { kNone, kNvfp4, kMxfp4, kMxfp8, kFp8, kInt8 };

Family FamilyOf(const OperandPrecision& operand) {
  struct Row {
    std::string_view format;
    Family family;
  };
  static constexpr Row kRows[] = {
      {"nvfp4", Family::kNvfp4},  {"mxfp4", Family::kMxfp4},  {"mxfp8", Family::kMxfp8},
      {"fp8_e4m3", Family::kFp8}, {"fp8_e5m2", Family::kFp8}, {"int8", Family::kInt8},
  };
  const auto row = std::ranges::find(kRows, operand.format, &Row::format);
  return row == std::end(kRows) ? Family::kNone : row->family;
}

int BitsOf(Family a, Family b) {
  const auto microscaling = [](Family family) {
    return family == Family::kMxfp4 || family == Family::kMxfp8;
  };
  if (a == b && (a == Family::kNvfp4 || a == Family::kMxfp4)) return 4;
  if (microscaling(a) && microscaling(b)) return 8;
  return a == b && a != Family::kNone ? 8 : 0;
}

BlockShape BlockOf(const OperandPrecision& operand) {
  const numerics::FormatInfo& info = numerics::FindFormat(operand.format)->info();
  const std::string& own = operand.options.block;
  return *numerics::ParseBlock(own.empty() ? std::string(info.default_block) : own);
}

// `along`: the operand was quantized along what the GEMM contracts over; else across it.
bool ScalesFit(const OperandPrecision& operand, bool along) {
  const BlockShape block = BlockOf(operand);
  switch (block.kind) {
    case BlockShape::Kind::kTensor:
    case BlockShape::Kind::kElement:  // there is no scale
      return true;
    case BlockShape::Kind::kRow:
      return along;
    case BlockShape::Kind::kTile:
      if (FamilyOf(operand) == Family::kInt8) return false;
      return along || block.rows == block.columns;
    case BlockShape::Kind::kFlat:
      return false;
  }
  return false;
}

bool AddsUnquantized(const OperandPrecision& operand) {
  return operand.outlier_quantile > 0 && operand.outlier_residual;
}

bool SameRotation(const OperandPrecision& a, const OperandPrecision& b) {
  return a.options.hadamard == b.options.hadamard &&
         a.options.signs.pattern == b.options.signs.pattern;
}

// The weight is made by its format, not by an estimator of its own.
bool MadeByFormat(const LayerPrecision& layer) {
  return layer.estimator != Estimator::kQuest && !LearnsScale(layer.estimator);
}

bool MultipliesWeights(Gemm gemm) { return gemm != Gemm::kWgrad; }

}  // namespace

int TensorCoreBits(const LayerPrecision& layer, Gemm gemm) {
  const OperandPrecision& a = layer.gemm(gemm).a;
  const OperandPrecision& b = layer.gemm(gemm).b;
  if (!a.quantized() || !b.quantized() || layer.is_lookup) return 0;
  if (gemm == Gemm::kWgrad && layer.estimator == Estimator::kNone) return 0;
  if (MultipliesWeights(gemm) && !MadeByFormat(layer)) return 0;
  const bool b_along = gemm == Gemm::kFprop || !layer.gemm(gemm).b_as_in_fprop;
  const bool rotations_cancel = SameRotation(a, b) && (b_along || b.options.hadamard == 0);
  const bool fits = ScalesFit(a, true) && ScalesFit(b, b_along) && rotations_cancel &&
                    !AddsUnquantized(a) && !AddsUnquantized(b);
  return fits ? BitsOf(FamilyOf(a), FamilyOf(b)) : 0;
}

}  // namespace fp4::spec
