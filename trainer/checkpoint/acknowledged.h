// acknowledged.json, in the run directory: {"path", "step"} of the newest checkpoint that the
// controller has stored. A worker writes it, whole; a trainer that runs alone has none. The next
// attempt begins there, maybe on another host, so that this one checkpoint must stay readable
// whatever this trainer, which may have been given up meanwhile, goes on to write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4::trainer {

struct Acknowledged {
  std::filesystem::path folder;  // of the checkpoint
  int64_t step = 0;
};

// INVALID_ARGUMENT: it is no such object.
absl::StatusOr<Acknowledged> ParseAcknowledged(std::string_view text);

// Nothing where there is no such file. Errors name it.
absl::StatusOr<std::optional<Acknowledged>> ReadAcknowledged(const std::filesystem::path& run_dir);

}  // namespace fp4::trainer
