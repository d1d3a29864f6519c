#include "numerics/cpu/quantize.h"

#include "absl/strings/str_cat.h"
#include "numerics/cpu/driver.h"

namespace fp4::numerics::cpu {
namespace {

absl::Status CheckSizes(const Format& format, size_t size, MatrixShape shape,
                        const QuantizeOptions& options) {
  if (absl::Status status = format.Check(options, shape); !status.ok()) return status;
  if (static_cast<int64_t>(size) == shape.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a tensor of ", size, " elements is not ", shape.rows, "x", shape.columns));
}

}  // namespace

absl::Status Encode(const Format& format, std::span<const float> values, MatrixShape shape,
                    const QuantizeOptions& options, Quantized& quantized,
                    const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), shape, options); !status.ok())
    return status;
  if (format.info().element == ElementType::kOther) {
    quantized = format.Encode(values, shape, options);
    return absl::OkStatus();
  }
  Driver driver(format, shape, options, parallel);
  driver.Measure(values);
  driver.Encode(quantized);
  return absl::OkStatus();
}

absl::Status Decode(const Format& format, const Quantized& quantized,
                    const QuantizeOptions& options, std::span<float> values,
                    const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), quantized.shape, options);
      !status.ok())
    return status;
  if (format.info().element == ElementType::kOther) {
    format.Decode(quantized, options, values);
    return absl::OkStatus();
  }
  Driver(format, quantized.shape, options, parallel).Decode(quantized, values);
  return absl::OkStatus();
}

absl::Status QuantizeDequantize(const Format& format, std::span<const float> values,
                                MatrixShape shape, const QuantizeOptions& options,
                                std::span<float> decoded, const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), shape, options); !status.ok())
    return status;
  if (decoded.size() != values.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("room for ", decoded.size(), " decoded elements, ", values.size(), " needed"));
  }
  if (format.info().element == ElementType::kOther) {
    format.Decode(format.Encode(values, shape, options), options, decoded);
    return absl::OkStatus();
  }
  Driver driver(format, shape, options, parallel);
  driver.Measure(values);
  driver.RoundTrip(decoded);
  return absl::OkStatus();
}

}  // namespace fp4::numerics::cpu
