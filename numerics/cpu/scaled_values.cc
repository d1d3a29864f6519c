#include "numerics/cpu/scaled_values.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "numerics/block_format.h"
#include "numerics/cpu/quantize.h"

namespace fp4::numerics::cpu {

absl::Status ScaledValues(const Format& format, std::span<const float> values, MatrixShape shape,
                          const QuantizeOptions& options, std::span<float> scaled,
                          const ParallelFor& parallel) {
  const FormatInfo& info = format.info();
  Quantized quantized;
  if (absl::Status status = Encode(format, values, shape, options, quantized, parallel);
      !status.ok())
    return status;
  const ResolvedOptions resolved = Resolve(info, options);
  if (resolved.block.kind == BlockShape::Kind::kElement || info.element == ElementType::kOther) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(info.name), " has elements without a scale"));
  }
  if (options.hadamard != 0)
    return absl::InvalidArgumentError("scaled values of a rotated tensor are not those of its own");
  const BlockGrid grid = MakeBlockGrid(resolved.block, shape);
  const std::vector<float> scales = DecodeScales(info, quantized, grid.count());
  const float factor = TensorFactor(info, options, resolved, quantized.tensor_scale);
  parallel(grid.count(), 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const float scale = scales[static_cast<size_t>(block)] * factor;
      const float inverse = scale > 0.0f ? options.prescale / scale : 0.0f;
      grid.ForEachRun(block, [&](int64_t begin, int64_t length) {
        for (int64_t i = begin; i < begin + length; ++i)
          scaled[static_cast<size_t>(i)] = values[static_cast<size_t>(i)] * inverse;
      });
    }
  });
  return absl::OkStatus();
}

}  // namespace fp4::numerics::cpu
