// The CUDA kernels against the scalar reference, for every format, option and hard tensor that they
// support: codes, scales and decoded values byte for byte. Needs a GPU; without one every test is
// skipped, and says so.
#include <gtest/gtest.h>

#include <cstring>

#include "numerics/cuda/quantize.h"
#include "numerics/packing.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

bool HasGpu() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

// Device memory that starts as a copy of host values and comes back as such.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t size) : size_(size) {
    EXPECT_EQ(cudaMalloc(&data_, size * sizeof(T)), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& host) : DeviceArray(host.size()) {
    EXPECT_EQ(cudaMemcpy(data_, host.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return static_cast<T*>(data_); }
  std::vector<T> Host() const {
    std::vector<T> host(size_);
    EXPECT_EQ(cudaMemcpy(host.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return host;
  }

 private:
  void* data_ = nullptr;
  size_t size_;
};

int ScaleBits(ScaleType type) { return type == ScaleType::kFp32 ? 32 : 8; }

void ExpectConforms(const Format& format, const TensorCase& tensor,
                    const QuantizeOptions& options) {
  Quantized expected = format.Encode(tensor.values, tensor.shape, options);
  std::vector<float> decoded(tensor.values.size());
  format.Decode(expected, options, decoded);
  const int scale_bits = ScaleBits(format.info().scale_type);
  const size_t num_scales = expected.scales.size() * 8 / static_cast<size_t>(scale_bits);

  DeviceArray<float> values(tensor.values), output(tensor.values.size());
  DeviceArray<uint32_t> codes(tensor.values.size()), scales(num_scales + 1);
  cuda::TensorView view = {values.get(), tensor.shape, output.get(), codes.get(),
                           num_scales > 0 ? scales.get() : nullptr};
  cuda::Workspace workspace;
  absl::Status status =
      cuda::Quantize(format, options, {&view, 1}, cuda::OutputType::kFp32, nullptr, workspace);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);

  const std::vector<uint32_t> actual_codes = codes.Host(), actual_scales = scales.Host();
  const std::vector<float> actual = output.Host();
  const FormatInfo& info = format.info();
  for (size_t i = 0; i < tensor.values.size(); ++i) {
    ASSERT_EQ(UnpackCode(expected.codes, static_cast<int64_t>(i), info.bits_per_element,
                         HighNibbleFirst(info.element)),
              actual_codes[i])
        << "code " << i;
    ASSERT_EQ(std::memcmp(&decoded[i], &actual[i], sizeof(float)), 0)
        << "value " << i << ": " << decoded[i] << ", is " << actual[i];
  }
  for (size_t i = 0; i < num_scales; ++i) {
    ASSERT_EQ(UnpackCode(expected.scales, static_cast<int64_t>(i), scale_bits, false),
              actual_scales[i])
        << "scale " << i;
  }
}

class CudaConformanceTest : public testing::TestWithParam<const Format*> {
 protected:
  void SetUp() override {
    if (!HasGpu()) GTEST_SKIP() << "NO GPU: the CUDA kernels are compiled but not run here";
  }
};

TEST_P(CudaConformanceTest, KernelsGiveTheBytesOfTheReference) {
  const Format& format = *GetParam();
  for (const OptionsCase& options : OptionsCases(format)) {
    if (!cuda::CheckSupported(format, options.options).ok()) continue;
    for (const TensorCase& tensor : TensorCases()) {
      if (!format.Check(options.options, tensor.shape).ok()) continue;
      SCOPED_TRACE(options.name + ", " + tensor.name);
      ExpectConforms(format, tensor, options.options);
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CudaConformanceTest,
                         testing::ValuesIn(AllFormats().begin(), AllFormats().end()),
                         [](const auto& info) { return std::string(info.param->info().name); });

}  // namespace
}  // namespace fp4::numerics
