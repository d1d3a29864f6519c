#include <malloc.h>

#include <fstream>
#include <vector>

#include "numerics/arithmetic/philox.h"
#include "numerics/cpu/quantize.h"
#include "trainer/backend/backend.h"
#include "trainer/backend/cpu_tensors.h"
#include "trainer/parallel_for.h"

namespace fp4::trainer {
namespace {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

class CpuBackend : public Backend {
 public:
  CpuBackend() { CountCpuTensors(); }

  at::Device device() const override { return at::kCPU; }
  std::string device_name() const override { return ProcessorName(); }
  std::string instruction_set() const override {
    return std::string(numerics::cpu::InstructionSet());
  }

  void QuantizeDequantize(std::span<const QuantizeJob> jobs) override {
    size_t begin = 0;
    int64_t elements = 0;
    for (size_t i = 0; i < jobs.size(); ++i) {
      elements += jobs[i].values.numel();
      if (elements < kGroupElements && i + 1 < jobs.size()) continue;
      QuantizeGroup(jobs.subspan(begin, i + 1 - begin));
      begin = i + 1;
      elements = 0;
    }
  }

  bool packs() const override { return true; }

  numerics::Quantized Pack(const QuantizeJob& job) override {
    const at::Tensor values = job.values.to(at::kFloat).contiguous();
    numerics::Quantized packed;
    const absl::Status status = numerics::cpu::Encode(
        *job.format, {values.const_data_ptr<float>(), static_cast<size_t>(values.numel())},
        {values.size(0), values.size(1)}, job.options, packed, ParallelFor);
    TORCH_CHECK(status.ok(), std::string(status.message()));
    return packed;
  }

  void Unpack(const numerics::Quantized& packed, const QuantizeJob& job,
              const at::Tensor& decoded) override {
    TORCH_CHECK(decoded.is_contiguous() && decoded.numel() == packed.shape.size());
    const bool direct = decoded.scalar_type() == at::kFloat;
    const at::Tensor target = direct ? decoded : at::empty(decoded.sizes(), at::kFloat);
    const absl::Status status = numerics::cpu::Decode(
        *job.format, packed, job.options,
        {target.mutable_data_ptr<float>(), static_cast<size_t>(target.numel())}, ParallelFor);
    TORCH_CHECK(status.ok(), std::string(status.message()));
    if (!direct) decoded.copy_(target);
  }

  at::Tensor DropoutMask(at::IntArrayRef shape, double probability, uint64_t key,
                         uint64_t counter) override {
    at::Tensor mask = at::empty(shape, at::kFloat);
    float* values = mask.mutable_data_ptr<float>();
    const int64_t size = mask.numel();
    const auto threshold = static_cast<uint64_t>(probability * 0x1p32);
    const auto kept = static_cast<float>(1.0 / (1.0 - probability));
    ParallelFor(size, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i += 4) {
        numerics::PhiloxWords random = numerics::Philox(key, static_cast<uint64_t>(i / 4), counter);
        for (int64_t j = i; j < std::min(i + 4, end); ++j) {
          values[j] = random.words[j - i] < threshold ? 0.0f : kept;
        }
      }
    });
    return mask;
  }

  int64_t allocated_bytes() const override {
    struct mallinfo2 info = mallinfo2();
    return static_cast<int64_t>(info.uordblks + info.hblkhd) - CpuFreedBytes();
  }
  int64_t tensor_bytes() const override { return CpuTensorBytes(); }
  int64_t tensor_peak_bytes() const override { return CpuTensorPeak(); }
  void ResetPeak() override { ResetCpuTensorPeak(); }

 private:
  // What is not fp32 is read as fp32, and decoded to fp32 first: of so many elements at a time, to
  // bound the memory that this takes.
  static constexpr int64_t kGroupElements = int64_t{1} << 22;

  static void QuantizeGroup(std::span<const QuantizeJob> jobs) {
    std::vector<numerics::cpu::QuantizeJob> views;
    std::vector<at::Tensor> sources, targets;
    for (const QuantizeJob& job : jobs) {
      TORCH_CHECK(job.decoded.is_contiguous() && job.values.dim() == 2);
      TORCH_CHECK(job.values.sizes() == job.decoded.sizes());
      sources.push_back(job.values.to(at::kFloat).contiguous());
      const bool direct = job.decoded.scalar_type() == at::kFloat;
      targets.push_back(direct ? job.decoded : at::empty_like(sources.back()));
      const auto size = static_cast<size_t>(job.values.numel());
      views.push_back({job.format,
                       job.options,
                       {job.values.size(0), job.values.size(1)},
                       {sources.back().const_data_ptr<float>(), size},
                       {targets.back().mutable_data_ptr<float>(), size}});
    }
    absl::Status status = numerics::cpu::QuantizeDequantizeMany(views, ParallelFor);
    TORCH_CHECK(status.ok(), std::string(status.message()));
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (!targets[i].is_same(jobs[i].decoded)) jobs[i].decoded.copy_(targets[i]);
    }
  }
};

}  // namespace

std::unique_ptr<Backend> MakeCpuBackend() { return std::make_unique<CpuBackend>(); }

}  // namespace fp4::trainer
