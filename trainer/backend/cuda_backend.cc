// libfp4_cuda.so: what the trainer asks of an NVIDIA GPU. Loaded by fp4-train where a driver is;
// see make_backend.cc.
//
// Only c10's CUDA headers: ATen's want those of cuBLAS and cuSPARSE, which a compiler from wheels
// does not bring.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/gpu.h"
#include "numerics/cuda/quantize.h"
#include "trainer/backend/backend.h"

namespace fp4::trainer {
namespace {

// "GPU-…" as the management library writes it.
std::string Uuid(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (int i = 0; i < 16; ++i) {
    const bool dash = i == 0 || i == 4 || i == 6 || i == 8 || i == 10;
    absl::StrAppendFormat(&text, "%s%02x", dash ? "-" : "", static_cast<uint8_t>(uuid.bytes[i]));
  }
  return text;
}

class CudaBackend : public Backend {
 public:
  explicit CudaBackend(int index) : index_(static_cast<c10::DeviceIndex>(index)) {
    c10::cuda::set_device(index_);
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties_, index));
    absl::StatusOr<std::unique_ptr<GpuLibrary>> library = LoadGpuLibrary();
    if (!library.ok()) return;
    auto found = std::ranges::find((*library)->gpus(), Uuid(properties_.uuid), &GpuInfo::uuid);
    if (found == (*library)->gpus().end()) return;
    gpu_index_ = static_cast<size_t>(found - (*library)->gpus().begin());
    gpu_library_ = *std::move(library);
  }

  at::Device device() const override { return {at::kCUDA, index_}; }
  std::string device_name() const override { return properties_.name; }
  std::string instruction_set() const override {
    return absl::StrCat("sm_", properties_.major, properties_.minor);
  }

  void QuantizeDequantize(std::span<const QuantizeJob> given) override {
    // The kernels read fp32 and write fp32 or bf16.
    std::vector<QuantizeJob> jobs(given.begin(), given.end());
    for (QuantizeJob& job : jobs) {
      job.values = job.values.to(at::kFloat).contiguous();
      const at::ScalarType type = job.decoded.scalar_type();
      if (type != at::kFloat && type != at::kBFloat16) job.decoded = at::empty_like(job.values);
    }
    std::vector<numerics::cuda::QuantizeJob> views;
    for (const QuantizeJob& job : jobs) views.push_back(ViewOf(job));
    absl::Status status =
        numerics::cuda::QuantizeMany(views, c10::cuda::getCurrentCUDAStream(index_), workspace_);
    TORCH_CHECK(status.ok(), std::string(status.message()));
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (!jobs[i].decoded.is_same(given[i].decoded)) given[i].decoded.copy_(jobs[i].decoded);
    }
  }

  at::Tensor DropoutMask(at::IntArrayRef shape, double probability, uint64_t key,
                         uint64_t counter) override {
    at::Tensor mask = at::empty(shape, at::TensorOptions(device()).dtype(at::kFloat));
    absl::Status status =
        numerics::cuda::DropoutMask(mask.mutable_data_ptr<float>(), mask.numel(), probability, key,
                                    counter, c10::cuda::getCurrentCUDAStream(index_));
    TORCH_CHECK(status.ok(), std::string(status.message()));
    return mask;
  }

  int64_t allocated_bytes() const override { return Allocated().current; }
  // The caching allocator holds nothing but tensors.
  int64_t tensor_bytes() const override { return Allocated().current; }
  int64_t tensor_peak_bytes() const override { return Allocated().peak; }
  void ResetPeak() override { c10::cuda::CUDACachingAllocator::resetPeakStats(index_); }

  std::optional<double> energy_joules() const override {
    if (gpu_library_ == nullptr) return std::nullopt;
    absl::StatusOr<GpuReading> reading = gpu_library_->Read(gpu_index_);
    if (!reading.ok() || !reading->has_energy) return std::nullopt;
    return reading->energy_joules;
  }

  void Synchronize() override { c10::cuda::getCurrentCUDAStream(index_).synchronize(); }

 private:
  c10::CachingAllocator::Stat Allocated() const {
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return c10::cuda::CUDACachingAllocator::getDeviceStats(index_).allocated_bytes[kAll];
  }

  static numerics::cuda::QuantizeJob ViewOf(const QuantizeJob& job) {
    const at::Tensor &values = job.values, &decoded = job.decoded;
    TORCH_CHECK(values.is_cuda() && decoded.is_cuda() && values.is_contiguous() &&
                decoded.is_contiguous() && values.dim() == 2);
    TORCH_CHECK(values.scalar_type() == at::kFloat && values.sizes() == decoded.sizes());
    const bool bf16 = decoded.scalar_type() == at::kBFloat16;
    TORCH_CHECK(bf16 || decoded.scalar_type() == at::kFloat);
    numerics::cuda::QuantizeJob view;
    view.format = job.format;
    view.options = job.options;
    view.tensor.values = values.const_data_ptr<float>();
    view.tensor.shape = {values.size(0), values.size(1)};
    view.tensor.decoded = decoded.mutable_data_ptr();
    view.output = bf16 ? numerics::cuda::OutputType::kBf16 : numerics::cuda::OutputType::kFp32;
    return view;
  }

  const c10::DeviceIndex index_;
  cudaDeviceProp properties_{};
  numerics::cuda::Workspace workspace_;
  std::unique_ptr<GpuLibrary> gpu_library_;  // null: the management library does not know this GPU
  size_t gpu_index_ = 0;
};

}  // namespace
}  // namespace fp4::trainer

extern "C" fp4::trainer::Backend* fp4_make_cuda_backend(int index) {
  if (index >= c10::cuda::device_count()) return nullptr;
  return new fp4::trainer::CudaBackend(index);
}
