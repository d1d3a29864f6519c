// What the trainer does not ask of LibTorch but of the machine it runs on: one implementation for
// CPUs here, one for CUDA in libfp4_cuda.so, which is loaded when it is there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "numerics/format.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// decoded = decode(encode(values)), rounded to decoded's type. The options have passed
// Format::Check.
struct QuantizeJob {
  const numerics::Format* format = nullptr;
  numerics::QuantizeOptions options;
  at::Tensor values;   // (rows, columns), of any type and layout; blocks run along the columns
  at::Tensor decoded;  // the same shape, of any type, contiguous; shares no memory with another's
};

// Not thread-safe. Errors of the device are exceptions, as LibTorch's own.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual at::Device device() const = 0;
  virtual std::string device_name() const = 0;
  // What the arithmetic of this run was compiled for: "AVX3_ZEN4", "sm_90".
  virtual std::string instruction_set() const = 0;

  // Does all of the jobs, in any order; equal formats and options in one launch where the device
  // has launches.
  virtual void QuantizeDequantize(std::span<const QuantizeJob> jobs) = 0;

  // Whether it can keep tensors packed; the other two functions are called only then.
  virtual bool packs() const { return false; }
  // The job's values as codes and scales; its `decoded` is not looked at.
  virtual numerics::Quantized Pack(const QuantizeJob& job);
  // What QuantizeDequantize of the job that `packed` is of would write to `decoded`, to the bit.
  virtual void Unpack(const numerics::Quantized& packed, const QuantizeJob& job,
                      const at::Tensor& decoded);

  // A contiguous fp32 tensor of that shape: element i is 0 with `probability`, else 1 / (1 -
  // probability), by word i % 4 of Philox(key, i / 4, counter).
  virtual at::Tensor DropoutMask(at::IntArrayRef shape, double probability, uint64_t key,
                                 uint64_t counter) = 0;

  // Bytes that the program holds in tensors and all else, as its allocator counts them.
  virtual int64_t allocated_bytes() const = 0;
  // Of these what the tensors on the device hold, and the most that they held since ResetPeak.
  virtual int64_t tensor_bytes() const = 0;
  virtual int64_t tensor_peak_bytes() const = 0;
  virtual void ResetPeak() = 0;

  // Energy that the device has used since its driver was loaded, where it tells.
  virtual std::optional<double> energy_joules() const { return std::nullopt; }

  // Waits for what was launched.
  virtual void Synchronize() {}
};

std::unique_ptr<Backend> MakeCpuBackend();

// `device`: "cpu", "cuda:N", or "auto": the first GPU when there is one and `wants_gpu`, else the
// CPU. FAILED_PRECONDITION: no such device here. INVALID_ARGUMENT: no such name.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const std::string& device, bool wants_gpu);

// What libfp4_cuda.so exports under the name kCudaFactory: the backend of GPU `index`, or null when
// there is none.
using CudaFactory = Backend* (*)(int index);
inline constexpr char kCudaLibrary[] = "libfp4_cuda.so";
inline constexpr char kCudaFactory[] = "fp4_make_cuda_backend";

}  // namespace fp4::trainer
