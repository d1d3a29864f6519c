#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"
#include "wire/channel_security.h"
#include "worker/host/trainer_user.h"

namespace fp4::worker {

// The command line of fp4-worker, checked.
struct Options {
  HostPort controller;
  std::filesystem::path work_dir;  // absolute
  HostPort http;
  int num_cpu_slots = 0;                    // 0: one where there is no GPU
  std::filesystem::path trainer;            // absolute
  std::optional<TrainerUser> trainer_user;  // nothing: whoever runs the worker
  std::vector<std::filesystem::path> allowed_paths;
  absl::Duration keep_finished, grace;
  absl::Duration exit_idle = absl::InfiniteDuration();  // without a run for so long: end
  int64_t upload_bytes_per_second = 0;                  // of checkpoints; 0: no limit
  int64_t min_free_bytes = 0;  // less space in work_dir is too little to work
  std::string gpu_library;
  std::filesystem::path log_file;  // empty: stderr
  wire::SecurityFiles security;    // what it brings to the controller
};

// Exits that are no errors (--help, --version) print their text and give nothing. INVALID_ARGUMENT
// names the flag and the value.
absl::StatusOr<std::optional<Options>> ParseOptions(int argc, const char* const* argv);

}  // namespace fp4::worker
