#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trainer/health/finding.h"

namespace fp4::trainer {

// manifest.json, beside state.safetensors: all about a checkpoint that is not the state itself.
struct Manifest {
  int64_t step = 0;
  int32_t attempt = 0;
  int64_t state_bytes = 0;
  std::string state_sha256;
  std::string
      document_sha256;  // of the run's document: a checkpoint of another experiment is never taken
  std::string data_sha256;
  std::string compute_dtype;  // "fp32", "bf16": as it was resolved
  int64_t cpu_threads = 0;    // as it was resolved
  std::string metric;         // checkpoint.metric; its last value, if it was measured
  std::optional<double> metric_value;
  double energy_joules = 0;   // that the run has used so far; 0: the device does not tell
  ReportedFindings reported;  // of health, by this attempt and those before it
};

std::string FormatManifest(const Manifest& manifest);

// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Manifest> ParseManifest(std::string_view text);

}  // namespace fp4::trainer
