#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trainer/health/finding.h"

namespace fp4::trainer {

// manifest.json, beside state.safetensors: all about a checkpoint that is not the state itself. A
// plain value; digests are 64 lower-case hexadecimal digits.
struct Manifest {
  int64_t step = 0;  // completed updates
  int32_t attempt = 0;
  int64_t state_bytes = 0;
  std::string state_sha256;
  std::string
      document_sha256;  // of the run's document: a checkpoint of another experiment is never taken
  std::string data_sha256;
  std::string compute_dtype;  // "fp32", "bf16": as it was resolved
  int64_t cpu_threads = 0;    // as it was resolved
  // Whether this very step was evaluated and the log told it before the checkpoint got its name:
  // who resumes here does not evaluate again.
  bool evaluated = false;
  std::string metric;                  // checkpoint.metric
  std::optional<double> metric_value;  // of it at this step; nothing: not evaluated, or not finite
  double energy_joules = 0;            // that the run has used so far; 0: the device does not tell
  ReportedFindings reported;           // of health, by this attempt and those before it
};

std::string FormatManifest(const Manifest& manifest);

// INVALID_ARGUMENT says what is wrong. Manifests of earlier versions lack fields: no energy was
// counted, and the step does not count as evaluated.
absl::StatusOr<Manifest> ParseManifest(std::string_view text);

}  // namespace fp4::trainer
