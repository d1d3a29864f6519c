#include "numerics/scale_use.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "numerics/arithmetic/float_mode.h"
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

// The codes at which a scale of one byte can neither fall nor rise any further.
struct LastCodes {
  uint8_t smallest = 0, largest = 0;
};

std::optional<LastCodes> LastCodesOf(ScaleType type) {
  switch (type) {
    case ScaleType::kE4M3:
      return LastCodes{1, 0x7e};  // 2^-9 and 448; 0 is below
    case ScaleType::kE8M0:
      return LastCodes{0, 0xfe};  // 2^-127 and 2^127
    case ScaleType::kNone:
    case ScaleType::kFp32:
      return std::nullopt;
  }
  return std::nullopt;
}

// A scale that is no power of two is itself rounded.
double SlackOf(const FormatInfo& info, const BlockShape& block) {
  const bool exact =
      info.scale_rule == ScaleRule::kPowerOfTwo || block.kind == BlockShape::Kind::kElement;
  return exact ? 1.0 : 1 + 1e-6;
}

}  // namespace

ScaleUse MeasureScaleUse(const Format& format, std::span<const float> values,
                         const Quantized& quantized, const QuantizeOptions& options) {
  const FormatInfo& info = format.info();
  ScaleUse use;
  if (info.max_value == 0.0f) return use;
  ScopedFloatMode float_mode;
  std::vector<float> prepared(values.begin(), values.end());
  PrepareValues(prepared, options);
  const ResolvedOptions resolved = Resolve(info, options);
  const double slack = SlackOf(info, resolved.block);
  // Whether any of the elements is not 0.
  const auto count = [&](int64_t begin, int64_t length, double limit) {
    bool any = false;
    for (int64_t i = begin; i < begin + length; ++i) {
      const float magnitude = std::fabs(prepared[static_cast<size_t>(i)] * options.prescale);
      use.clipped += magnitude > limit * slack;
      any |= magnitude > 0;
    }
    return any;
  };
  if (resolved.block.kind == BlockShape::Kind::kElement) {
    count(0, static_cast<int64_t>(prepared.size()), info.max_value);
    return use;
  }
  const BlockGrid grid = MakeBlockGrid(resolved.block, quantized.shape);
  const std::vector<float> scales = DecodeScales(info, quantized, grid.count());
  const float factor = TensorFactor(info, options, resolved, quantized.tensor_scale);
  const std::optional<LastCodes> last = LastCodesOf(info.scale_type);
  for (int64_t block = 0; block < grid.count(); ++block) {
    const double limit =
        static_cast<double>(info.max_value) * scales[static_cast<size_t>(block)] * factor;
    bool any = false;
    grid.ForEachRun(block,
                    [&](int64_t begin, int64_t length) { any |= count(begin, length, limit); });
    if (!any) continue;
    ++use.blocks;
    if (!last) continue;
    const uint8_t code = quantized.scales[static_cast<size_t>(block)];
    use.at_smallest += code <= last->smallest;
    use.at_largest += code == last->largest;
  }
  return use;
}

}  // namespace fp4::numerics
