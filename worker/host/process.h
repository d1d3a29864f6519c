// Processes of trainers, as the worker sees them: its own children, and those of an earlier worker
// that it adopts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::worker {

// Names one process for as long as the host runs: a pid alone comes again. pid 0: none.
struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since boot: field 22 of /proc/PID/stat
  std::string boot_id;
  bool operator==(const ProcessIdentity&) const = default;
};

struct SpawnRequest {
  std::vector<std::string> arguments;  // [0]: the program, absolute
  // Set over the worker's own, of which the child gets what does not look like a secret.
  std::vector<std::pair<std::string, std::string>> environment;
  std::filesystem::path working_folder;
  std::filesystem::path stdout_file, stderr_file;  // made, or appended to
  int inherited_fd = -1;                           // given to the child as descriptor 3; -1: none
};

struct ProcessEnd {
  std::optional<int> exit_code, signal;  // neither: it ended, but was not our child
};

class Processes {
 public:
  virtual ~Processes() = default;

  // Starts a program as the leader of a session and process group of its own, with no descriptors
  // but 0 (/dev/null), 1, 2 and the inherited one.
  virtual absl::StatusOr<ProcessIdentity> Spawn(const SpawnRequest& request) = 0;

  // How it ended; nothing while it runs. Once a child's end has been returned it is forgotten. What
  // is left of a child's group is killed with it.
  virtual std::optional<ProcessEnd> Poll(const ProcessIdentity& process) = 0;

  // To the whole process group; nothing happens when the process has ended.
  virtual void Signal(const ProcessIdentity& process, int signal) = 0;
};

}  // namespace fp4::worker
