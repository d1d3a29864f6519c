// What Format::Check and the choice of a block refuse. What a single option may be is a row of
// numerics/quantizer_options.cc.
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "numerics/block_format.h"
#include "numerics/quantizer_options.h"

namespace fp4::numerics {
namespace {

std::string AllowedBlocks(const FormatInfo& info) {
  std::string allowed;
  for (std::string_view block : info.blocks)
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", std::string(block));
  return allowed;
}

absl::Status CheckShape(const FormatInfo& info, MatrixShape shape) {
  std::string text = absl::StrCat(shape.rows, "x", shape.columns);
  if (shape.rows <= 0 || shape.columns <= 0)
    return RefuseOption(info, "shape", text, "rows and columns must be positive");
  if (shape.rows > std::numeric_limits<int64_t>::max() / 64 / shape.columns) {
    return RefuseOption(info, "shape", text, "is larger than can be addressed");
  }
  return absl::OkStatus();
}

// No option of the table: a program gives it, not a user.
absl::Status CheckTensorAmax(const FormatInfo& info, float amax) {
  if (!(amax >= 0.0f && std::isfinite(amax))) {
    return RefuseOption(info, "tensor_amax", absl::StrCat(amax), "must be finite and not negative");
  }
  if (amax != 0.0f && info.scale_rule != ScaleRule::kTwoLevel) {
    return RefuseOption(info, "tensor_amax", absl::StrCat(amax),
                        "the format has no scale of the tensor's maximum");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BlockShape> ResolveBlock(const FormatInfo& info, const QuantizeOptions& options) {
  std::string_view text =
      options.block.empty() ? info.default_block : std::string_view(options.block);
  absl::StatusOr<BlockShape> block = ParseBlock(text);
  if (!block.ok())
    return RefuseOption(info, "block", text,
                        absl::StrCat("is not a block; allowed: ", AllowedBlocks(info)));
  for (std::string_view allowed : info.blocks) {
    BlockShape candidate = *ParseBlock(allowed);
    bool along_row = block->kind == BlockShape::Kind::kFlat &&
                     candidate.kind == BlockShape::Kind::kTile && candidate.rows == 1 &&
                     candidate.columns == block->columns;
    if (*block == candidate || along_row) return candidate;
  }
  return RefuseOption(info, "block", text, absl::StrCat("allowed: ", AllowedBlocks(info)));
}

absl::Status BlockFormat::Check(const QuantizeOptions& options, MatrixShape shape) const {
  if (absl::Status status = CheckShape(info_, shape); !status.ok()) return status;
  absl::StatusOr<BlockShape> block = ResolveBlock(info_, options);
  if (!block.ok()) return block.status();
  if (absl::Status status = CheckQuantizerOptions({info_, options, *block, shape}); !status.ok())
    return status;
  return CheckTensorAmax(info_, options.tensor_amax);
}

}  // namespace fp4::numerics
