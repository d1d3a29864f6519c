// The checkpoints that lie in a run's directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "worker/types.h"

namespace fp4::worker {

struct LocalCheckpoint {
  CheckpointKey key;
  int64_t bytes = 0;     // of the state, as the manifest says
  std::string sha256;    // of the state, likewise
  std::string manifest;  // its text
  std::filesystem::path folder;
  std::filesystem::path state_file() const { return folder / "state.safetensors"; }
};

// The complete ones in RUN_DIR/checkpoints whose manifest can be read, the newest first; none when
// there is no such folder.
std::vector<LocalCheckpoint> ListLocalCheckpoints(const std::filesystem::path& run_dir);

}  // namespace fp4::worker
