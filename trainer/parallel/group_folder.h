// RUN_DIR/processes: how the processes that train one run together find each other. The first
// process makes it anew for each attempt; beside what is here, LibTorch's store lies in it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// What the first process has settled, for the others to do alike.
struct GroupChoices {
  pid_t leader = 0;
  std::string document_sha256 = {};  // of the resolved run document
  std::string data_sha256 = {};
  std::string compute_dtype = {};
  int64_t cpu_threads = 0;       // of all processes together where they share a CPU
  std::string resume_from = {};  // a checkpoint's folder, or "none"
};

// Processes are counted from 0, the first.
class GroupFolder {
 public:
  explicit GroupFolder(const std::filesystem::path& run_dir) : folder_(run_dir / "processes") {}

  // Removes what an earlier attempt has left, and writes the choices. UNAVAILABLE: the machine's
  // fault.
  absl::Status Make(const GroupChoices& choices) const;
  absl::StatusOr<GroupChoices> ReadChoices() const;
  void Remove() const;

  // A file that is not there yet, for c10d::FileStore.
  std::filesystem::path store() const { return folder_ / "store"; }

  // A process says that it has built what it trains, and looks whether another one has.
  absl::Status SayReady(int64_t rank) const;
  bool IsReady(int64_t rank) const;

  // The error that a process ends with, code, reason and words. `only_lost`: all that it knows is
  // that another one is gone.
  void SayLastWords(int64_t rank, const absl::Status& error, bool only_lost) const;
  struct LastWords {
    absl::Status error;
    bool only_lost = false;
  };
  std::optional<LastWords> ReadLastWords(int64_t rank) const;

 private:
  std::filesystem::path Of(const char* what, int64_t rank) const;

  std::filesystem::path folder_;
};

}  // namespace fp4::trainer
