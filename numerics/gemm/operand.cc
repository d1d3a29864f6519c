#include "numerics/gemm/operand.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/block_grid.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/arithmetic/packing.h"
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

std::string Text(MatrixShape shape) { return absl::StrCat(shape.rows, "x", shape.columns); }

std::string Text(const RotationSigns& signs) {
  if (signs.pattern == RotationSigns::Pattern::kFixed) return "the fixed signs";
  return absl::StrCat("seed ", signs.seed, ", step ", signs.step);
}

// The storage that Encode would have made for this shape.
absl::Status CheckStorage(const std::string& role, const FormatInfo& info, const BlockShape& block,
                          const Quantized& quantized) {
  auto refuse = [&](std::string_view what, size_t is, int64_t expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(role, ": ", std::string(what), " hold ", is, " bytes; a matrix of ",
                     Text(quantized.shape), " in ", std::string(info.name), " has ", expected));
  };
  int64_t codes = PackedBytes(quantized.shape.size(), info.bits_per_element);
  if (static_cast<int64_t>(quantized.codes.size()) != codes)
    return refuse("codes", quantized.codes.size(), codes);
  int64_t scales = MakeBlockGrid(block, quantized.shape).count();
  if (static_cast<int64_t>(quantized.scales.size()) != scales)
    return refuse("scales", quantized.scales.size(), scales);
  if (info.scale_rule == ScaleRule::kTwoLevel && !quantized.has_tensor_scale)
    return absl::InvalidArgumentError(absl::StrCat(role, ": the scale of the tensor is missing"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GemmTerms> CheckGemmOperand(std::string_view role_name, const GemmOperand& operand) {
  ScopedFloatMode float_mode;
  const std::string role(role_name);
  if (operand.format == nullptr || operand.quantized == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(role, ": no format or no matrix"));
  const FormatInfo& info = operand.format->info();
  const Quantized& quantized = *operand.quantized;
  bool block_scaled =
      info.scale_rule == ScaleRule::kTwoLevel || info.scale_rule == ScaleRule::kPowerOfTwo;
  if (info.element != ElementType::kE2M1 || !block_scaled) {
    return absl::InvalidArgumentError(
        absl::StrCat(role, ": format ", std::string(info.name),
                     ": only E2M1 elements with block scales along K (nvfp4, mxfp4) have integer "
                     "dot products"));
  }
  if (absl::Status status = operand.format->Check(operand.options, quantized.shape); !status.ok())
    return absl::InvalidArgumentError(absl::StrCat(role, ": ", std::string(status.message())));
  ResolvedOptions resolved = Resolve(info, operand.options);
  const BlockShape& block = resolved.block;
  if (block.kind != BlockShape::Kind::kTile || (block.columns != 16 && block.columns != 32)) {
    return absl::InvalidArgumentError(absl::StrCat(role, ": block ", operand.options.block,
                                                   ": blocks must be 16 or 32 elements along K"));
  }
  if (absl::Status status = CheckStorage(role, info, block, quantized); !status.ok()) return status;

  GemmTerms terms;
  terms.format = info.name;
  terms.shape = quantized.shape;
  terms.block_rows = block.rows;
  terms.block_columns = block.columns;
  if (operand.options.hadamard != 0) {
    terms.hadamard = operand.options.hadamard;
    terms.signs = operand.options.signs;
    // What the fixed signs do not depend on must not tell two of them apart.
    if (terms.signs.pattern == RotationSigns::Pattern::kFixed)
      terms.signs.seed = terms.signs.step = 0;
  }
  float factor = TensorFactor(info, operand.options, resolved, quantized.tensor_scale);
  terms.factor = static_cast<double>(factor) * static_cast<double>(1.0f / resolved.prescale);
  return terms;
}

absl::Status CheckGemmPair(const GemmTerms& x, const GemmTerms& w, size_t y_size) {
  auto refuse = [](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat(parts...));
  };
  if (x.format != w.format || x.block_columns != w.block_columns) {
    return refuse("X is ", std::string(x.format), " and W is ", std::string(w.format),
                  ": a product needs operands of one format");
  }
  if (x.shape.columns != w.shape.columns) {
    return refuse("X is ", Text(x.shape), " and W is ", Text(w.shape),
                  ": both must have K columns");
  }
  if (x.hadamard != w.hadamard) {
    return refuse("X is rotated by hadamard ", x.hadamard, " and W by ", w.hadamard,
                  " (0: not at all): only equal rotations cancel");
  }
  if (x.signs != w.signs) {
    return refuse("X is rotated with ", Text(x.signs), " and W with ", Text(w.signs),
                  ": only equal signs cancel");
  }
  auto expected =
      static_cast<unsigned __int128>(x.shape.rows) * static_cast<unsigned __int128>(w.shape.rows);
  if (expected != y_size) {
    return refuse("Y has ", y_size, " elements; X of ", Text(x.shape), " times W of ",
                  Text(w.shape), " has ", x.shape.rows, "x", w.shape.rows);
  }
  return absl::OkStatus();
}

}  // namespace fp4::numerics
