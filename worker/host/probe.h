#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/host/process.h"

namespace fp4::worker {

// What `fp4-train --probe` says of this machine.
struct ProbeResult {
  std::string cpu_compute_dtype;  // "fp32" | "bf16"
  std::string json;               // all of it, one object
};

// INVALID_ARGUMENT: not what the probe prints.
absl::StatusOr<ProbeResult> ParseProbe(std::string_view output);

struct ProbeOptions {
  std::filesystem::path trainer;
  std::filesystem::path
      work_dir;  // keeps the answer in probe.json, for this trainer binary on this processor
  std::string processor;
  absl::Duration timeout = absl::Minutes(2);
  // Waits that long between two looks at the process; true: give up (the worker shall stop).
  std::function<bool(absl::Duration)> pause;
};

// Runs the probe, unless its answer is kept. NOT_FOUND: no trainer there. CANCELLED: `pause` said
// so.
absl::StatusOr<ProbeResult> Probe(const ProbeOptions& options, Processes& processes);

}  // namespace fp4::worker
