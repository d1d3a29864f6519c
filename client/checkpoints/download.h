#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "client/operations.h"

namespace fp4::client {

struct Downloaded {
  int64_t step = 0;
  int32_t attempt = 0;
  int64_t bytes = 0;
  std::string sha256;
};

// Brings a run's checkpoint from the controller into `folder`, which is made: state.safetensors,
// with the digest that the controller tells, and manifest.json. The state is in
// state.safetensors.part until it is whole; a broken transfer goes on from there. `step` -1: the
// newest that the controller holds.
absl::StatusOr<Downloaded> DownloadCheckpoint(Operations& operations, const std::string& run_id,
                                              int64_t step, const std::filesystem::path& folder);

}  // namespace fp4::client
