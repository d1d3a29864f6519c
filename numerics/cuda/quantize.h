// The CUDA path: byte for byte the definition in numerics/format.h, many tensors in one launch.
// Host code without Torch; every pointer is device memory, every call only enqueues work on the
// caller's stream.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "numerics/format.h"

namespace fp4::numerics::cuda {

// The element type of decoded values. bf16 is rounded to nearest, ties to even.
enum class OutputType : uint8_t { kFp32, kBf16 };

// One tensor of a call. Outputs that are null are not written.
struct TensorView {
  const float* values = nullptr;  // row-major
  MatrixShape shape;
  void* decoded = nullptr;     // decode(encode(values)), rounded to the call's OutputType; may be
                               // `values` where fp32
  uint32_t* codes = nullptr;   // one code a word, unpacked
  uint32_t* scales = nullptr;  // as stored, one a word, by block
  // With double quantization, as in Quantized: one for each 256 blocks, and one.
  float* scale_scales = nullptr;
  float* scale_offset = nullptr;
};

// Device memory between the passes of a call; it grows and is reused. Free it after the last call's
// stream is done. Not thread-safe, and for one stream.
class Workspace {
 public:
  Workspace() = default;
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // At least `bytes`; what was there before is lost when it grows. RESOURCE_EXHAUSTED: the device
  // has no more.
  absl::StatusOr<void*> Get(size_t bytes);

 private:
  void* memory_ = nullptr;
  size_t size_ = 0;
};

// UNIMPLEMENTED: a format with arithmetic of its own (ElementType::kOther), which the CPU path runs
// through its reference.
absl::Status CheckSupported(const Format& format);

// INVALID_ARGUMENT: what Format::Check says of a shape; more than 2^31 - 1 blocks. INTERNAL: a
// launch failed; CUDA's words.
absl::Status Quantize(const Format& format, const QuantizeOptions& options,
                      std::span<const TensorView> tensors, OutputType output, cudaStream_t stream,
                      Workspace& workspace);

// One tensor of a call whose tensors are quantized each in its own way. Nothing is owned.
struct QuantizeJob {
  const Format* format = nullptr;
  QuantizeOptions options;
  TensorView tensor;
  OutputType output = OutputType::kFp32;
};

// Quantize of each job, in any order: outputs must not overlap other jobs' inputs or outputs. Jobs
// whose format, output type and options are equal share launches, even where their seeds, streams
// and rotation signs differ: all weights of a model cost a few launches. The errors of Quantize,
// and INVALID_ARGUMENT names the job by its index; nothing has been enqueued then.
absl::Status QuantizeMany(std::span<const QuantizeJob> jobs, cudaStream_t stream,
                          Workspace& workspace);

// mask[i] = 0 with `probability`, else 1 / (1 - probability), by word i % 4 of Philox(key, i / 4,
// counter).
absl::Status DropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                         uint64_t counter, cudaStream_t stream);

}  // namespace fp4::numerics::cuda
