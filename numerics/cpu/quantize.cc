#include "numerics/cpu/quantize.h"

#include <string>
#include <vector>

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

absl::Status CheckJob(const QuantizeJob& job) {
  if (absl::Status status = CheckSizes(*job.format, job.values.size(), job.shape, job.options);
      !status.ok())
    return status;
  if (job.decoded.size() == job.values.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "room for ", job.decoded.size(), " decoded elements, ", job.values.size(), " needed"));
}

// The job has passed CheckJob.
void RoundTrip(const QuantizeJob& job, const ParallelFor& parallel) {
  const Format& format = *job.format;
  if (format.info().element == ElementType::kOther) {
    format.Decode(format.Encode(job.values, job.shape, job.options), job.options, job.decoded);
    return;
  }
  Driver driver(format, job.shape, job.options, parallel);
  driver.Measure(job.values);
  driver.RoundTrip(job.decoded);
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
  const QuantizeJob job = {&format, options, shape, values, decoded};
  if (absl::Status status = CheckJob(job); !status.ok()) return status;
  RoundTrip(job, parallel);
  return absl::OkStatus();
}

absl::Status QuantizeDequantizeMany(std::span<const QuantizeJob> jobs,
                                    const ParallelFor& parallel) {
  // Below this size a tensor has too few units to keep several threads busy.
  constexpr int64_t kSmall = 1 << 17;
  std::vector<const QuantizeJob*> small, large;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (absl::Status status = CheckJob(jobs[i]); !status.ok())
      return absl::Status(status.code(),
                          absl::StrCat("tensor ", i, ": ", std::string(status.message())));
    (jobs[i].shape.size() < kSmall ? small : large).push_back(&jobs[i]);
  }
  for (const QuantizeJob* job : large) RoundTrip(*job, parallel);
  parallel(static_cast<int64_t>(small.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) RoundTrip(*small[static_cast<size_t>(i)], SerialFor);
  });
  return absl::OkStatus();
}

}  // namespace fp4::numerics::cpu
