// The CUDA kernels against the scalar reference, for every format, option and hard tensor: codes,
// scales and decoded values byte for byte. Built twice: numerics_cuda_test needs a GPU, and skips
// every test without one, saying so; numerics_cuda_emulated_test runs the same sources on the CPU
// (tests/support/cuda_emulation).
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/minifloat.h"
#include "numerics/arithmetic/packing.h"
#include "numerics/arithmetic/philox.h"
#include "numerics/cuda/quantize.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

bool HasGpu() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

// Device memory that starts as a copy of host values, `offset` elements behind an aligned address,
// and comes back as such.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t size, size_t offset = 0) : size_(size), offset_(offset) {
    EXPECT_EQ(cudaMalloc(&data_, (size + offset) * sizeof(T)), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& host, size_t offset = 0)
      : DeviceArray(host.size(), offset) {
    EXPECT_EQ(cudaMemcpy(get(), host.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  ~DeviceArray() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  size_t size() const { return size_; }
  T* get() const { return static_cast<T*>(data_) + offset_; }
  std::vector<T> Host() const {
    std::vector<T> host(size_);
    EXPECT_EQ(cudaMemcpy(host.data(), get(), size_ * sizeof(T), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return host;
  }

 private:
  void* data_ = nullptr;
  size_t size_, offset_;
};

std::vector<uint32_t> Unpack(const std::vector<uint8_t>& packed, size_t count, int bits,
                             bool high_first) {
  std::vector<uint32_t> codes(count);
  for (size_t i = 0; i < count; ++i)
    codes[i] = UnpackCode(packed, static_cast<int64_t>(i), bits, high_first);
  return codes;
}

// What the reference makes of a tensor, one code and one scale a word.
struct Expected {
  std::vector<uint32_t> codes, scales;
  std::vector<float> decoded, scale_scales, scale_offset;  // the last two of double quantization
};

int ScaleBits(const FormatInfo& info, const QuantizeOptions& options) {
  return info.scale_type == ScaleType::kFp32 && !options.double_quantization ? 32 : 8;
}

Expected Reference(const Format& format, const TensorCase& tensor, const QuantizeOptions& options) {
  const FormatInfo& info = format.info();
  const Quantized quantized = format.Encode(tensor.values, tensor.shape, options);
  const int scale_bits = ScaleBits(info, options);
  Expected expected;
  expected.codes = Unpack(quantized.codes, tensor.values.size(), info.bits_per_element,
                          HighNibbleFirst(info.element));
  expected.scales =
      Unpack(quantized.scales, quantized.scales.size() * 8 / static_cast<size_t>(scale_bits),
             scale_bits, false);
  expected.scale_scales = quantized.scale_scales;
  if (options.double_quantization) expected.scale_offset = {quantized.scale_offset};
  expected.decoded.resize(tensor.values.size());
  format.Decode(quantized, options, expected.decoded);
  return expected;
}

// A tensor on the device with all of its outputs.
struct DeviceTensor {
  DeviceTensor(const TensorCase& tensor, const Expected& expected, size_t offset = 0)
      : shape(tensor.shape),
        values(tensor.values, offset),
        decoded(tensor.values.size(), offset),
        codes(expected.codes.size()),
        scales(expected.scales.size()),
        scale_scales(expected.scale_scales.size()),
        scale_offset(expected.scale_offset.size()) {}

  cuda::TensorView View() const {
    cuda::TensorView view;
    view.values = values.get();
    view.shape = shape;
    view.decoded = decoded.get();
    view.codes = codes.get();
    if (scales.size() > 0) view.scales = scales.get();
    if (scale_offset.size() > 0) {
      view.scale_scales = scale_scales.get();
      view.scale_offset = scale_offset.get();
    }
    return view;
  }

  MatrixShape shape;
  DeviceArray<float> values, decoded;
  DeviceArray<uint32_t> codes, scales;
  DeviceArray<float> scale_scales, scale_offset;
};

template <class T>
testing::AssertionResult SameBits(const std::vector<T>& expected, const std::vector<T>& actual) {
  if (expected.size() != actual.size()) return testing::AssertionFailure() << "another size";
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::bit_cast<uint32_t>(expected[i]) != std::bit_cast<uint32_t>(actual[i])) {
      return testing::AssertionFailure()
             << i << ": expected " << expected[i] << ", is " << actual[i];
    }
  }
  return testing::AssertionSuccess();
}

void ExpectEqual(const Expected& expected, const DeviceTensor& actual) {
  EXPECT_TRUE(SameBits(expected.codes, actual.codes.Host())) << "codes";
  EXPECT_TRUE(SameBits(expected.scales, actual.scales.Host())) << "scales";
  EXPECT_TRUE(SameBits(expected.scale_scales, actual.scale_scales.Host())) << "scale scales";
  EXPECT_TRUE(SameBits(expected.scale_offset, actual.scale_offset.Host())) << "scale offset";
  EXPECT_TRUE(SameBits(expected.decoded, actual.decoded.Host())) << "decoded";
}

// The first 16-bit halves of what was meant for floats.
std::vector<uint32_t> Halves(const DeviceArray<float>& decoded) {
  const std::vector<float> words = decoded.Host();
  std::vector<uint32_t> halves(words.size());
  for (size_t i = 0; i < halves.size(); ++i) {
    uint16_t half;
    std::memcpy(&half, reinterpret_cast<const char*>(words.data()) + 2 * i, sizeof(half));
    halves[i] = half;
  }
  return halves;
}

std::vector<uint32_t> ToBf16(const std::vector<float>& values) {
  std::vector<uint32_t> codes(values.size());
  std::ranges::transform(values, codes.begin(), Bf16Code);
  return codes;
}

class CudaConformanceTest : public testing::TestWithParam<const Format*> {
 protected:
  void SetUp() override {
    if (!HasGpu()) GTEST_SKIP() << "NO GPU: the CUDA kernels are compiled but not run here";
  }

  void Quantize(const QuantizeOptions& options, std::span<const cuda::TensorView> tensors,
                cuda::OutputType output = cuda::OutputType::kFp32) {
    const absl::Status status =
        cuda::Quantize(format(), options, tensors, output, nullptr, workspace_);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }

  void ExpectConforms(const TensorCase& tensor, const OptionsCase& options, size_t offset = 0) {
    SCOPED_TRACE(options.name + ", " + tensor.name);
    const Expected expected = Reference(format(), tensor, options.options);
    const DeviceTensor device(tensor, expected, offset);
    const cuda::TensorView view = device.View();
    ASSERT_NO_FATAL_FAILURE(Quantize(options.options, {&view, 1}));
    ExpectEqual(expected, device);
  }

  std::vector<OptionsCase> Options() const { return OptionsCases(format()); }
  const Format& format() const { return *GetParam(); }

  cuda::Workspace workspace_;
};

TEST_P(CudaConformanceTest, KernelsGiveTheBytesOfTheReference) {
  for (const OptionsCase& options : Options()) {
    for (const TensorCase& tensor : TensorCases()) {
      if (!format().Check(options.options, tensor.shape).ok()) continue;
      ExpectConforms(tensor, options);
      if (HasFailure()) return;
    }
  }
}

TEST_P(CudaConformanceTest, RandomShapesAtAddressesWithoutAlignmentToo) {
  const std::vector<OptionsCase> options = Options();
  for (uint64_t i = 0; i < 60; ++i) {
    const PhiloxWords random = Philox(99, i, 0);
    MatrixShape shape = {1 + random.words[0] % 40, 1 + random.words[1] % 300};
    const OptionsCase& chosen = options[random.words[2] % options.size()];
    const int hadamard = chosen.options.hadamard;
    if (hadamard != 0) shape.columns = hadamard * (int64_t{1} + random.words[1] % 3);
    ASSERT_TRUE(format().Check(chosen.options, shape).ok());
    ExpectConforms(
        {absl::StrCat("shape ", shape.rows, "x", shape.columns), shape, Gaussians(shape.size(), i)},
        chosen, random.words[3] % 4);
    if (HasFailure()) return;
  }
}

// Hard tensors between small ones of many sizes: more than a launch holds.
std::vector<TensorCase> ManyTensors(const Format& format, const QuantizeOptions& options) {
  std::vector<TensorCase> tensors;
  for (int64_t i = 1; i <= 60; ++i) {
    const MatrixShape shape = {1 + i % 3, options.hadamard == 0 ? i : options.hadamard};
    tensors.push_back({absl::StrCat("small ", i), shape, Gaussians(shape.size(), 50)});
  }
  for (const TensorCase& tensor : TensorCases()) {
    if (tensor.values.size() <= 2048 && format.Check(options, tensor.shape).ok())
      tensors.insert(tensors.begin() + static_cast<std::ptrdiff_t>(tensors.size() / 2), tensor);
  }
  return tensors;
}

TEST_P(CudaConformanceTest, ManyTensorsOfOneCallAreAsEachByItself) {
  for (const OptionsCase& options : Options()) {
    SCOPED_TRACE(options.name);
    const std::vector<TensorCase> tensors = ManyTensors(format(), options.options);
    std::vector<Expected> expected;
    std::vector<std::unique_ptr<DeviceTensor>> devices;
    std::vector<cuda::TensorView> views;
    for (const TensorCase& tensor : tensors) {
      expected.push_back(Reference(format(), tensor, options.options));
      devices.push_back(std::make_unique<DeviceTensor>(tensor, expected.back()));
      views.push_back(devices.back()->View());
    }
    ASSERT_NO_FATAL_FAILURE(Quantize(options.options, views));
    for (size_t i = 0; i < tensors.size(); ++i) {
      SCOPED_TRACE(tensors[i].name);
      ExpectEqual(expected[i], *devices[i]);
    }
    if (HasFailure()) return;
  }
}

// Every option of the format in one call, seeds and signs different for each tensor.
TEST_P(CudaConformanceTest, TensorsWithOptionsOfTheirOwnAreAsEachByItself) {
  std::vector<TensorCase> tensors;
  std::vector<Expected> expected;
  std::vector<std::unique_ptr<DeviceTensor>> devices;
  std::vector<cuda::QuantizeJob> jobs;
  for (const OptionsCase& options : Options()) {
    for (uint64_t i = 0; i < 3; ++i) {
      const TensorCase tensor = {options.name, {2, 256}, Gaussians(2 * 256, jobs.size())};
      QuantizeOptions own = options.options;
      own.seed = i;
      own.stream = static_cast<uint32_t>(5 * i);
      own.signs.seed = i / 2;
      if (!format().Check(own, tensor.shape).ok()) continue;
      expected.push_back(Reference(format(), tensor, own));
      devices.push_back(std::make_unique<DeviceTensor>(tensor, expected.back()));
      jobs.push_back({&format(), own, devices.back()->View(), cuda::OutputType::kFp32});
    }
  }
  ASSERT_TRUE(cuda::QuantizeMany(jobs, nullptr, workspace_).ok());
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (size_t i = 0; i < jobs.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectEqual(expected[i], *devices[i]);
  }
}

TEST_P(CudaConformanceTest, Bf16OutputIsTheDecodedValuesRounded) {
  for (const OptionsCase& options : Options()) {
    for (const TensorCase& tensor : TensorCases()) {
      if (tensor.values.size() > 5000 || !format().Check(options.options, tensor.shape).ok())
        continue;
      SCOPED_TRACE(options.name + ", " + tensor.name);
      const Expected expected = Reference(format(), tensor, options.options);
      const DeviceTensor device(tensor, expected);
      const cuda::TensorView view = device.View();
      ASSERT_NO_FATAL_FAILURE(Quantize(options.options, {&view, 1}, cuda::OutputType::kBf16));
      EXPECT_TRUE(SameBits(expected.codes, device.codes.Host())) << "codes";
      EXPECT_TRUE(SameBits(ToBf16(expected.decoded), Halves(device.decoded))) << "decoded";
      if (HasFailure()) return;
    }
  }
}

TEST_P(CudaConformanceTest, InPlaceAndWithoutCodesAndScales) {
  const TensorCase& tensor = TensorCases().front();
  for (const OptionsCase& options : Options()) {
    SCOPED_TRACE(options.name);
    const Expected expected = Reference(format(), tensor, options.options);
    const DeviceArray<float> values(tensor.values);
    cuda::TensorView view;
    view.values = values.get();
    view.shape = tensor.shape;
    view.decoded = values.get();
    ASSERT_NO_FATAL_FAILURE(Quantize(options.options, {&view, 1}));
    EXPECT_TRUE(SameBits(expected.decoded, values.Host()));
  }
}

TEST_P(CudaConformanceTest, WithoutDecodedValuesTheInputStaysAsItIs) {
  const TensorCase& tensor = TensorCases().front();
  for (const OptionsCase& options : Options()) {
    SCOPED_TRACE(options.name);
    const Expected expected = Reference(format(), tensor, options.options);
    const DeviceTensor device(tensor, expected);
    cuda::TensorView view = device.View();
    view.decoded = nullptr;
    ASSERT_NO_FATAL_FAILURE(Quantize(options.options, {&view, 1}));
    EXPECT_TRUE(SameBits(expected.codes, device.codes.Host()));
    EXPECT_TRUE(SameBits(expected.scales, device.scales.Host()));
    EXPECT_TRUE(SameBits(tensor.values, device.values.Host()));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CudaConformanceTest,
                         testing::ValuesIn(AllFormats().begin(), AllFormats().end()),
                         [](const auto& info) { return std::string(info.param->info().name); });

TEST(CudaLimitsTest, MoreRowsThanALaunchHasBlocksAreRefused) {
  cuda::TensorView view;
  view.shape = {int64_t{1} << 32, 1};
  cuda::Workspace workspace;
  const absl::Status status = cuda::Quantize(*FindFormat("int8"), {}, {&view, 1},
                                             cuda::OutputType::kFp32, nullptr, workspace);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      status.message(),
      "shape 4294967296x1: its 4294967296 blocks are more than the 2147483647 of a CUDA launch");
}

TEST(CudaLimitsTest, ATensorThatCannotBeQuantizedIsNamed) {
  cuda::QuantizeJob good, bad;
  good.format = bad.format = FindFormat("nvfp4");
  good.tensor.shape = bad.tensor.shape = {1, 64};
  bad.options.block = "48";
  cuda::Workspace workspace;
  const cuda::QuantizeJob jobs[] = {good, bad};
  const absl::Status status = cuda::QuantizeMany(jobs, nullptr, workspace);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()).rfind("tensor 1: nvfp4: block 48", 0), 0u) << status;
}

TEST(CudaDropoutTest, EachElementTakesItsWordOfPhilox) {
  if (!HasGpu()) GTEST_SKIP() << "NO GPU: the CUDA kernels are compiled but not run here";
  for (int64_t size : {1, 3, 4, 1023, 1024, 1025, 5001}) {
    const DeviceArray<float> mask(static_cast<size_t>(size));
    ASSERT_TRUE(cuda::DropoutMask(mask.get(), size, 0.25, 7, 9, nullptr).ok());
    std::vector<float> expected;
    for (uint64_t i = 0; i < static_cast<uint64_t>(size); ++i) {
      const uint32_t word = Philox(7, i / 4, 9).words[i % 4];
      expected.push_back(word < 0x40000000u ? 0.0f : static_cast<float>(1.0 / 0.75));
    }
    EXPECT_TRUE(SameBits(expected, mask.Host())) << size;
  }
}

}  // namespace
}  // namespace fp4::numerics
