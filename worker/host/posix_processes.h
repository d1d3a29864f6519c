#pragma once

#include <set>

#include "worker/host/process.h"
#include "worker/host/trainer_user.h"

namespace fp4::worker {

// Over posix_spawn, waitid and /proc. Not thread-safe.
class PosixProcesses : public Processes {
 public:
  // `user`: as whom programs run; nothing: as whoever runs this process.
  explicit PosixProcesses(const std::optional<TrainerUser>& user = std::nullopt);
  // `run_as` goes before a program's arguments, and then runs it.
  explicit PosixProcesses(std::vector<std::string> run_as);

  absl::StatusOr<ProcessIdentity> Spawn(const SpawnRequest& request) override;
  std::optional<ProcessEnd> Poll(const ProcessIdentity& process) override;
  void Signal(const ProcessIdentity& process, int signal) override;

 private:
  std::optional<ProcessEnd> PollChild(const ProcessIdentity& process);

  const std::vector<std::string> run_as_;
  std::set<pid_t> children_;  // not yet reaped
};

// Start time of a process that runs (not a zombie); nothing: there is none.
std::optional<uint64_t> StartTimeOfRunning(pid_t pid);

}  // namespace fp4::worker
