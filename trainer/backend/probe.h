#pragma once

#include <string>

#include "base/stop_check.h"
#include "spec/run_spec.h"

namespace fp4::trainer {

// How fast this machine multiplies matrices in each type, with as many threads as LibTorch is set
// to.
struct ProbeResult {
  double fp32_gflops = 0, bf16_gflops = 0;
  spec::ComputeDtype best() const {
    // bf16 loses digits: it has to be worth it.
    return bf16_gflops > 1.2 * fp32_gflops ? spec::ComputeDtype::kBf16 : spec::ComputeDtype::kFp32;
  }
};

// Takes a fraction of a second; less, and without a meaning, when `stop` asks for it.
ProbeResult ProbeCpu(const StopCheck& stop = NeverStop);

// What --probe prints: {"torch_version", "instruction_set", "cpu_threads", "cpu_compute_dtype",
// "fp32_gflops", "bf16_gflops"}.
std::string ProbeJson();

std::string ComputeDtypeName(spec::ComputeDtype type);

}  // namespace fp4::trainer
