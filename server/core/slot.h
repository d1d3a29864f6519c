// A place where a trainer can run.
#pragma once

#include <cstdint>
#include <string>

#include "spec/run_spec.h"

namespace fp4::core {

enum class SlotKind : uint8_t { kCpu, kGpu };

struct Slot {
  int32_t index = 0;  // within its worker
  SlotKind kind = SlotKind::kCpu;
  std::string device;        // "cpu" or the GPU's UUID
  std::string name;          // "NVIDIA H200", "Intel Xeon …"
  int64_t memory_bytes = 0;  // of the GPU; of the host for a CPU slot
  int32_t cpu_threads = 0;   // cores that a trainer on this slot may use
  spec::ComputeDtype compute_dtype = spec::ComputeDtype::kFp32;  // the faster GEMM here, measured
  bool operator==(const Slot&) const = default;
};

}  // namespace fp4::core
