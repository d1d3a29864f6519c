// The GPUs of this host, through NVIDIA's management library (NVML), loaded at run time: nothing of
// it is needed to build or to run where there is none. Declarations after the library's public C
// API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4 {

struct GpuInfo {
  std::string uuid;  // "GPU-…"
  std::string name;
  int64_t memory_bytes = 0;
};

struct GpuReading {
  int64_t memory_used_bytes = 0;
  double energy_joules = 0;  // since the driver was loaded
  bool has_energy = false;   // older GPUs do not count it
};

// Thread-safe. Indices are those of `gpus`.
class GpuLibrary {
 public:
  virtual ~GpuLibrary() = default;
  virtual const std::vector<GpuInfo>& gpus() const = 0;
  virtual absl::StatusOr<GpuReading> Read(size_t index) const = 0;
};

// `library`: a path or a name for the dynamic loader. NOT_FOUND: there is no such library, that is,
// no driver. INTERNAL: it is there but does not work.
absl::StatusOr<std::unique_ptr<GpuLibrary>> LoadGpuLibrary(
    const std::string& library = "libnvidia-ml.so.1");

}  // namespace fp4
