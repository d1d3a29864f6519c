// The formats that are described by an element type and a scale rule: all that the formats/ folder
// holds today. The scalar reference of each, the checks of their options, and the pieces of it that
// the fast paths start from too. Every function is pure and thread-safe.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "numerics/arithmetic/block_grid.h"
#include "numerics/arithmetic/block_scale.h"
#include "numerics/format.h"

namespace fp4::numerics {

// A format whose arithmetic follows from its FormatInfo.
class BlockFormat : public Format {
 public:
  explicit BlockFormat(FormatInfo info) : info_(std::move(info)) {}

  const FormatInfo& info() const override { return info_; }
  absl::Status Check(const QuantizeOptions& options, MatrixShape shape) const override;
  Quantized Encode(std::span<const float> values, MatrixShape shape,
                   const QuantizeOptions& options) const override;
  void Decode(const Quantized& quantized, const QuantizeOptions& options,
              std::span<float> values) const override;
  double BitsPerValue(const QuantizeOptions& options, MatrixShape shape) const override;

 private:
  FormatInfo info_;
};

// What the options leave to the format, filled in; they have passed Check. The fast paths start
// from the same.
struct ResolvedOptions {
  BlockShape block;
  float headroom = 1.0f;        // a factor on every block's amax
  float prescale = 1.0f;        // a factor on every element
  PowerOfTwoRule power_of_two;  // of kPowerOfTwo
  // Of kTwoLevel: 6 times the largest block scale, 2688 (6 * 448) or with four-over-six 1536
  // (6 * 256).
  float two_level_largest = 0.0f;
};
ResolvedOptions Resolve(const FormatInfo& info, const QuantizeOptions& options);

// The block as this format reads it: "" is the default, and a bare number a block along the row
// ("32" is "1x32") unless the format's blocks are flat. INVALID_ARGUMENT lists the blocks that the
// format takes.
absl::StatusOr<BlockShape> ResolveBlock(const FormatInfo& info, const QuantizeOptions& options);

// What a block's elements say about its scale. Non-finite ones are left out and make `poisoned`
// true.
struct BlockStats {
  float amax = 0.0f;  // the largest magnitude
  double mean = 0.0;  // of magnitudes
  bool poisoned = false;
};

// The scale of a block under every rule that needs no search and no correction.
BlockScale MakeBlockScale(const FormatInfo& info, const ResolvedOptions& resolved,
                          const BlockStats& stats, const TwoLevelRule& two_level);

// What the elements of each of the `count` blocks are multiplied by when decoded, before
// TensorFactor.
std::vector<float> DecodeScales(const FormatInfo& info, const Quantized& quantized, int64_t count);

// What decoded values are multiplied by after their block scale: 1 but for kTwoLevel.
float TensorFactor(const FormatInfo& info, const QuantizeOptions& options,
                   const ResolvedOptions& resolved, float tensor_scale);

// Rotation before encoding; its inverse and that of the prescaling after decoding.
void PrepareValues(std::span<float> values, const QuantizeOptions& options);
void RestoreValues(std::span<float> values, const QuantizeOptions& options);

}  // namespace fp4::numerics
