// Quantize-dequantize of every format on a GPU against a device-to-device copy of the same tensor,
// in turns in one run. GB/s count the bytes of the fp32 tensor that are read plus those of the
// result that are written, fp32 or bf16, once each; a format that reads twice (a maximum over the
// tensor) gets no credit for it. Times are between events on the stream, the best of all repeats.
//
// cuda_bench [LOG2_SIZE …]   (default: 23 26, that is, 32 and 256 MiB)
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/version.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cuda/quantize.h"

namespace fp4::numerics {
namespace {

constexpr int kRepeats = 30;
constexpr int64_t kColumns = 4096;

void Check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "cuda_bench: %s: %s\n", what, cudaGetErrorString(error));
  std::exit(1);
}

class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes) { Check(cudaMalloc(&data_, bytes), "cudaMalloc"); }
  ~DeviceMemory() { cudaFree(data_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  void* get() const { return data_; }

 private:
  void* data_ = nullptr;
};

class Stopwatch {
 public:
  Stopwatch() {
    Check(cudaEventCreate(&start_), "cudaEventCreate");
    Check(cudaEventCreate(&end_), "cudaEventCreate");
  }
  ~Stopwatch() {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  double Seconds(const std::function<void()>& work) {
    float milliseconds = 0;
    Check(cudaEventRecord(start_), "cudaEventRecord");
    work();
    Check(cudaEventRecord(end_), "cudaEventRecord");
    Check(cudaEventSynchronize(end_), "cudaEventSynchronize");
    Check(cudaEventElapsedTime(&milliseconds, start_, end_), "cudaEventElapsedTime");
    return milliseconds / 1e3;
  }

 private:
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

struct Contestant {
  std::string name;
  const Format* format = nullptr;
  QuantizeOptions options;
};

std::vector<Contestant> Contestants() {
  std::vector<Contestant> all;
  for (const Format* format : AllFormats())
    all.push_back({std::string(format->info().name), format, {}});
  auto add = [&](std::string_view format, const std::string& label, auto change) {
    QuantizeOptions options;
    change(options);
    all.push_back({std::string(format) + " " + label, FindFormat(format), options});
  };
  add("nvfp4", "given amax", [](QuantizeOptions& o) { o.tensor_amax = 6.0f; });
  add("nvfp4", "16x16", [](QuantizeOptions& o) { o.block = "16x16"; });
  add("nvfp4", "stochastic", [](QuantizeOptions& o) { o.rounding = Rounding::kStochastic; });
  add("nvfp4", "four-over-six", [](QuantizeOptions& o) { o.four_over_six = FourOverSix::kMse; });
  add("nvfp4", "MS-EDEN", [](QuantizeOptions& o) {
    o.hadamard = 128;
    o.ms_eden = true;
  });
  add("mxfp4", "stochastic", [](QuantizeOptions& o) { o.rounding = Rounding::kStochastic; });
  add("fp4", "double", [](QuantizeOptions& o) { o.double_quantization = true; });
  return all;
}

class Bench {
 public:
  explicit Bench(int64_t size) : size_(size), in_(Bytes(4)), out_(Bytes(4)) {
    std::vector<float> values(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) {
      const PhiloxWords r = Philox(1, static_cast<uint64_t>(i), 0);
      values[static_cast<size_t>(i)] =
          UnitInterval(r.words[0]) + UnitInterval(r.words[1]) + UnitInterval(r.words[2]) - 1.5f;
    }
    Check(cudaMemcpy(in_.get(), values.data(), Bytes(4), cudaMemcpyHostToDevice), "cudaMemcpy");
  }

  void Run() {
    std::printf("\n%lld values (%lld MiB of fp32)\n%-22s %10s %10s %10s %10s\n",
                static_cast<long long>(size_), static_cast<long long>(size_ >> 18), "format",
                "fp32 GB/s", "of copy", "bf16 GB/s", "of copy");
    for (const Contestant& contestant : Contestants()) {
      double fp32_of_copy = 0, bf16_of_copy = 0;
      const double fp32 = Measure(contestant, cuda::OutputType::kFp32, 4, fp32_of_copy);
      const double bf16 = Measure(contestant, cuda::OutputType::kBf16, 2, bf16_of_copy);
      std::printf("%-22s %10.0f %9.0f%% %10.0f %9.0f%%\n", contestant.name.c_str(), fp32,
                  100 * fp32_of_copy, bf16, 100 * bf16_of_copy);
    }
  }

 private:
  size_t Bytes(size_t each) const { return static_cast<size_t>(size_) * each; }

  // GB/s, and the share of the copy's GB/s in the same turns.
  double Measure(const Contestant& contestant, cuda::OutputType output, int output_bytes,
                 double& of_copy) {
    const cuda::TensorView view = {.values = static_cast<const float*>(in_.get()),
                                   .shape = {size_ / kColumns, kColumns},
                                   .decoded = out_.get()};
    auto quantize = [&] {
      const absl::Status status = cuda::Quantize(*contestant.format, contestant.options, {&view, 1},
                                                 output, nullptr, workspace_);
      if (status.ok()) return;
      std::fprintf(stderr, "cuda_bench: %s: %s\n", contestant.name.c_str(),
                   std::string(status.message()).c_str());
      std::exit(1);
    };
    auto copy = [&] {
      Check(cudaMemcpyAsync(out_.get(), in_.get(), Bytes(4), cudaMemcpyDeviceToDevice, nullptr),
            "cudaMemcpyAsync");
    };
    quantize();
    copy();
    double best = 1e9, best_copy = 1e9;
    for (int i = 0; i < kRepeats; ++i) {
      best = std::min(best, stopwatch_.Seconds(quantize));
      best_copy = std::min(best_copy, stopwatch_.Seconds(copy));
    }
    const double gbs = 1e-9 * static_cast<double>(Bytes(4) + Bytes(output_bytes)) / best;
    of_copy = gbs / (1e-9 * static_cast<double>(2 * Bytes(4)) / best_copy);
    return gbs;
  }

  const int64_t size_;
  DeviceMemory in_, out_;
  Stopwatch stopwatch_;
  cuda::Workspace workspace_;
};

}  // namespace
}  // namespace fp4::numerics

int main(int argc, char** argv) {
  using namespace fp4;            // NOLINT: main only
  using namespace fp4::numerics;  // NOLINT
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
    std::fprintf(stderr, "cuda_bench: there is no GPU here; nothing was measured\n");
    return 1;
  }
  cudaDeviceProp gpu{};
  Check(cudaGetDeviceProperties(&gpu, 0), "cudaGetDeviceProperties");
  int driver = 0, runtime = 0;
  Check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  Check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  std::printf("%s (sm_%d%d), driver %d, runtime %d, fp4lab %s, best of %d\n", gpu.name, gpu.major,
              gpu.minor, driver, runtime, std::string(GitRevision()).c_str(), kRepeats);
  std::vector<int64_t> sizes;
  for (int i = 1; i < argc; ++i) {
    const int64_t log2_size = std::atoll(argv[i]);
    if (log2_size < 12 || log2_size > 33) {
      std::fprintf(stderr, "cuda_bench: LOG2_SIZE is '%s'; allowed: 12 to 33\n", argv[i]);
      return 2;
    }
    sizes.push_back(log2_size);
  }
  if (sizes.empty()) sizes = {23, 26};
  for (int64_t log2_size : sizes) Bench(int64_t{1} << log2_size).Run();
  return 0;
}
