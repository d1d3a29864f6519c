#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

// absl's string_view is a type of its own in this build.
std::string Text(std::string_view text) { return std::string(text); }

absl::Status Refuse(const FormatInfo& info, std::string_view option, std::string_view value,
                    std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(Text(info.name), ": ", Text(option), " ", Text(value), ": ", Text(why)));
}

std::string AllowedBlocks(const FormatInfo& info) {
  std::string allowed;
  for (std::string_view block : info.blocks)
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", Text(block));
  return allowed;
}

absl::Status CheckShape(const FormatInfo& info, MatrixShape shape) {
  std::string text = absl::StrCat(shape.rows, "x", shape.columns);
  if (shape.rows <= 0 || shape.columns <= 0)
    return Refuse(info, "shape", text, "rows and columns must be positive");
  if (shape.rows > std::numeric_limits<int64_t>::max() / 64 / shape.columns) {
    return Refuse(info, "shape", text, "is larger than can be addressed");
  }
  return absl::OkStatus();
}

absl::Status CheckFactors(const FormatInfo& info, const QuantizeOptions& options,
                          const BlockShape& block) {
  if (!(options.headroom == 0.0f || (options.headroom >= 0.5f && options.headroom <= 16.0f))) {
    return Refuse(info, "headroom", absl::StrCat(options.headroom),
                  "must lie in [0.5, 16], or be 0 for the default");
  }
  bool in_blocks = block.kind != BlockShape::Kind::kElement;
  bool by_amax = info.scale_rule != ScaleRule::kNone && info.scale_rule != ScaleRule::kMean;
  bool has_amax = in_blocks && by_amax;
  std::string_view no_amax = by_amax ? "block none has no scale that it could act on"
                                     : "the format has no scale made from a block's maximum";
  if (options.headroom != 0.0f && options.headroom != 1.0f && !has_amax) {
    return Refuse(info, "headroom", absl::StrCat(options.headroom), no_amax);
  }
  if (!(options.prescale >= 0x1p-16f && options.prescale <= 0x1p16f)) {
    return Refuse(info, "prescale", absl::StrCat(options.prescale), "must lie in [2^-16, 2^16]");
  }
  bool searched = options.four_over_six != FourOverSix::kOff || options.ms_eden;
  if (options.prescale != 1.0f && (!has_amax || searched)) {
    return Refuse(
        info, "prescale", absl::StrCat(options.prescale),
        searched ? "four_over_six and ms_eden choose scales for elements of full size" : no_amax);
  }
  if (!(options.tensor_amax >= 0.0f && std::isfinite(options.tensor_amax))) {
    return Refuse(info, "tensor_amax", absl::StrCat(options.tensor_amax),
                  "must be finite and not negative");
  }
  if (options.tensor_amax != 0.0f && info.scale_rule != ScaleRule::kTwoLevel) {
    return Refuse(info, "tensor_amax", absl::StrCat(options.tensor_amax),
                  "the format has no scale of the tensor's maximum");
  }
  return absl::OkStatus();
}

absl::Status CheckHadamard(const FormatInfo& info, const QuantizeOptions& options,
                           MatrixShape shape) {
  int n = options.hadamard;
  if (n == 0) {
    if (options.signs.pattern == RotationSigns::Pattern::kRandom) return absl::OkStatus();
    return Refuse(info, "hadamard_signs", "fixed", "needs hadamard 16: nothing is rotated");
  }
  if (n != 16 && n != 32 && n != 64 && n != 128) {
    return Refuse(info, "hadamard", absl::StrCat(n), "must be 16, 32, 64 or 128, or 0 for none");
  }
  if (shape.columns % n != 0) {
    return Refuse(info, "hadamard", absl::StrCat(n),
                  absl::StrCat("does not divide the ", shape.columns, " columns that are rotated"));
  }
  if (options.signs.pattern == RotationSigns::Pattern::kFixed && n != 16) {
    return Refuse(info, "hadamard_signs", "fixed",
                  absl::StrCat("there are sixteen fixed signs, for hadamard 16; it is ", n));
  }
  return absl::OkStatus();
}

absl::Status CheckRounding(const FormatInfo& info, const QuantizeOptions& options) {
  if (options.rounding == Rounding::kStochastic && !info.stochastic_rounding) {
    std::string_view why = info.scale_rule == ScaleRule::kMean
                               ? "the format clips most values, so no rounding of it is unbiased"
                               : "the format keeps every value as it is";
    return Refuse(info, "rounding", "stochastic", why);
  }
  if (options.scale_mode_set && !info.scale_modes) {
    return Refuse(info, "scale_mode", ScaleModeName(options.scale_mode),
                  "only formats with E8M0 scales have scale modes");
  }
  if (options.double_quantization && !info.double_quantization) {
    return Refuse(info, "double_quantization", "true",
                  "only fp4 and nf4 store scales that can be quantized again");
  }
  return absl::OkStatus();
}

absl::Status CheckFourOverSix(const FormatInfo& info, const QuantizeOptions& options) {
  if (options.four_over_six == FourOverSix::kOff) return absl::OkStatus();
  std::string_view value = options.four_over_six == FourOverSix::kMse ? "mse" : "mae";
  if (!info.four_over_six)
    return Refuse(info, "four_over_six", value, "only nvfp4 chooses between two scales");
  if (options.rounding == Rounding::kStochastic) {
    return Refuse(info, "four_over_six", value,
                  "choosing the better of two random roundings is biased; use nearest");
  }
  return absl::OkStatus();
}

absl::Status CheckMsEden(const FormatInfo& info, const QuantizeOptions& options,
                         const BlockShape& block) {
  if (!options.ms_eden) return absl::OkStatus();
  auto refuse = [&](std::string_view why) { return Refuse(info, "ms_eden", "true", why); };
  if (info.scale_rule != ScaleRule::kTwoLevel)
    return refuse("only nvfp4 has block scales that can take the correction");
  if (block.rows != 1) return refuse("corrects rotated rows; blocks must be 1x16");
  if (options.hadamard != 128) return refuse("needs hadamard 128: its groups are the rotated ones");
  if (options.rounding == Rounding::kStochastic)
    return refuse("rounds elements to nearest; its randomness is in the scales");
  if (options.four_over_six != FourOverSix::kOff)
    return refuse("excludes four_over_six: a chosen scale biases the correction");
  if (options.headroom != 0.0f) return refuse("brings its own headroom");
  return absl::OkStatus();
}

}  // namespace

std::string_view ScaleModeName(ScaleMode mode) {
  switch (mode) {
    case ScaleMode::kFloor:
      return "floor";
    case ScaleMode::kRoundCeil:
      return "rceil";
    case ScaleMode::kEven:
      return "even";
    case ScaleMode::kCeil:
      return "ceil";
  }
  return "";
}

absl::StatusOr<BlockShape> ResolveBlock(const FormatInfo& info, const QuantizeOptions& options) {
  std::string_view text =
      options.block.empty() ? info.default_block : std::string_view(options.block);
  absl::StatusOr<BlockShape> block = ParseBlock(text);
  if (!block.ok())
    return Refuse(info, "block", text,
                  absl::StrCat("is not a block; allowed: ", AllowedBlocks(info)));
  for (std::string_view allowed : info.blocks) {
    BlockShape candidate = *ParseBlock(allowed);
    bool along_row = block->kind == BlockShape::Kind::kFlat &&
                     candidate.kind == BlockShape::Kind::kTile && candidate.rows == 1 &&
                     candidate.columns == block->columns;
    if (*block == candidate || along_row) return candidate;
  }
  return Refuse(info, "block", text, absl::StrCat("allowed: ", AllowedBlocks(info)));
}

absl::Status BlockFormat::Check(const QuantizeOptions& options, MatrixShape shape) const {
  if (absl::Status status = CheckShape(info_, shape); !status.ok()) return status;
  absl::StatusOr<BlockShape> block = ResolveBlock(info_, options);
  if (!block.ok()) return block.status();
  if (absl::Status status = CheckRounding(info_, options); !status.ok()) return status;
  if (absl::Status status = CheckFactors(info_, options, *block); !status.ok()) return status;
  if (absl::Status status = CheckHadamard(info_, options, shape); !status.ok()) return status;
  if (absl::Status status = CheckFourOverSix(info_, options); !status.ok()) return status;
  return CheckMsEden(info_, options, *block);
}

}  // namespace fp4::numerics
