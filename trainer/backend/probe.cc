#include "trainer/backend/probe.h"

#include <torch/version.h>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "trainer/backend/backend.h"
#include "trainer/run/math_environment.h"

namespace fp4::trainer {
namespace {

// A GEMM of a small model's shape, many times; the best time counts, so that a busy neighbour does
// not decide.
double GemmGflops(at::ScalarType type, const StopCheck& stop) {
  constexpr int64_t kRows = 512, kInner = 512, kColumns = 1024;
  constexpr int kRepeats = 12;
  at::NoGradGuard no_grad;
  at::Tensor a = at::full({kRows, kInner}, 0.5, type), b = at::full({kColumns, kInner}, 0.25, type);
  at::mm(a, b.t());
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < kRepeats && !stop(); ++i) {
    absl::Time start = absl::Now();
    at::mm(a, b.t());
    best = std::min(best, absl::Now() - start);
  }
  return 2e-9 * kRows * kInner * kColumns / absl::ToDoubleSeconds(best);
}

}  // namespace

ProbeResult ProbeCpu(const StopCheck& stop) {
  return {GemmGflops(at::kFloat, stop), GemmGflops(at::kBFloat16, stop)};
}

std::string ProbeJson() {
  int64_t threads = AvailableCores();
  at::set_num_threads(static_cast<int>(threads));
  ProbeResult probe = ProbeCpu();
  return absl::StrFormat(
      R"({"torch_version":"%s","instruction_set":"%s","cpu_threads":%d,"cpu_compute_dtype":"%s","fp32_gflops":%.1f,"bf16_gflops":%.1f})",
      TORCH_VERSION, MakeCpuBackend()->instruction_set(), threads, ComputeDtypeName(probe.best()),
      probe.fp32_gflops, probe.bf16_gflops);
}

std::string ComputeDtypeName(spec::ComputeDtype type) {
  switch (type) {
    case spec::ComputeDtype::kAuto:
      return "auto";
    case spec::ComputeDtype::kFp32:
      return "fp32";
    case spec::ComputeDtype::kBf16:
      return "bf16";
    case spec::ComputeDtype::kFp16:
      return "fp16";
  }
  return "";
}

}  // namespace fp4::trainer
