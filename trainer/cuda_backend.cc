// libfp4_cuda.so: what the trainer asks of an NVIDIA GPU. Loaded by fp4-train where a driver is;
// see make_backend.cc.
//
// Only c10's CUDA headers: ATen's want those of cuBLAS and cuSPARSE, which a compiler from wheels
// does not bring.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include "absl/strings/str_cat.h"
#include "numerics/cuda/quantize.h"
#include "trainer/backend.h"

namespace fp4::trainer {
namespace {

class CudaBackend : public Backend {
 public:
  explicit CudaBackend(int index) : index_(static_cast<c10::DeviceIndex>(index)) {
    c10::cuda::set_device(index_);
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties_, index));
  }

  at::Device device() const override { return {at::kCUDA, index_}; }
  std::string device_name() const override { return properties_.name; }
  std::string instruction_set() const override {
    return absl::StrCat("sm_", properties_.major, properties_.minor);
  }

  void QuantizeDequantize(const numerics::Format& format, const numerics::QuantizeOptions& options,
                          const at::Tensor& values, at::Tensor& decoded) override {
    TORCH_CHECK(values.is_cuda() && decoded.is_cuda() && values.is_contiguous() &&
                decoded.is_contiguous() && values.dim() == 2);
    TORCH_CHECK(values.scalar_type() == at::kFloat && values.sizes() == decoded.sizes());
    const bool bf16 = decoded.scalar_type() == at::kBFloat16;
    TORCH_CHECK(bf16 || decoded.scalar_type() == at::kFloat);
    numerics::cuda::TensorView view;
    view.values = values.const_data_ptr<float>();
    view.shape = {values.size(0), values.size(1)};
    view.decoded = decoded.mutable_data_ptr();
    absl::Status status = numerics::cuda::Quantize(
        format, options, {&view, 1},
        bf16 ? numerics::cuda::OutputType::kBf16 : numerics::cuda::OutputType::kFp32,
        c10::cuda::getCurrentCUDAStream(index_), workspace_);
    TORCH_CHECK(status.ok(), std::string(status.message()));
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

  int64_t allocated_bytes() const override {
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return c10::cuda::CUDACachingAllocator::getDeviceStats(index_).allocated_bytes[kAll].current;
  }

  void Synchronize() override { c10::cuda::getCurrentCUDAStream(index_).synchronize(); }

 private:
  const c10::DeviceIndex index_;
  cudaDeviceProp properties_{};
  numerics::cuda::Workspace workspace_;
};

}  // namespace
}  // namespace fp4::trainer

extern "C" fp4::trainer::Backend* fp4_make_cuda_backend(int index) {
  if (index >= c10::cuda::device_count()) return nullptr;
  return new fp4::trainer::CudaBackend(index);
}
