#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/gpu.h"
#include "worker/types.h"

namespace fp4::worker {

struct HostInfo {
  int num_cores = 1;  // that this process may use
  int64_t memory_bytes = 0;
  std::string processor;  // "Intel(R) Xeon(R) …"
  std::string host_name;
};

HostInfo ReadHostInfo();

// One slot a GPU; CPU slots where there is no GPU (one, if `num_cpu_slots` is 0), or beside the
// GPUs when asked for by number. The cores are shared out evenly.
std::vector<Slot> MakeSlots(const HostInfo& host, const std::vector<GpuInfo>& gpus,
                            int num_cpu_slots, const std::string& cpu_compute_dtype);

}  // namespace fp4::worker
