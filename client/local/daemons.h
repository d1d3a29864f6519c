#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/local/endpoints.h"

namespace fp4::client {

// How `fp4ctl up` starts things. Port 0: any; after a crash the one it had, if it is free.
struct UpOptions {
  int64_t port = 0, http_port = 0, worker_http_port = 0;
  int64_t slots = 0;  // 0: as the worker finds
  std::string lease_ttl = "10m";
  absl::Duration patience = absl::Seconds(120);
};

// One daemon as `up` and `down` leave it.
struct DaemonReport {
  std::string name;  // "controller", "worker"
  pid_t pid = 0;
  bool changed = false;  // started or ended just now
};

// The controller and the worker of one user on this machine: folders below the state folder, found
// by what they write there. Not thread-safe; between processes a lock on the state folder orders up
// and down.
class LocalDaemons {
 public:
  LocalDaemons(std::filesystem::path state_folder, std::filesystem::path binary_folder)
      : state_folder_(std::move(state_folder)), binary_folder_(std::move(binary_folder)) {}

  // Starts what does not run and returns when both serve and the worker is connected. What this
  // call started is ended again when it fails. UNKNOWN with the end of the log when a daemon ends
  // at once or does not come up in time.
  absl::StatusOr<std::vector<DaemonReport>> Up(const UpOptions& options);

  // Ends the worker, which lets its trainers write a checkpoint, then the controller. UNKNOWN when
  // one is still there after `patience`.
  absl::StatusOr<std::vector<DaemonReport>> Down(absl::Duration patience);

  // As FindDaemon: those that live now.
  std::optional<Endpoints> Controller() const;
  std::optional<Endpoints> Worker() const;
  std::filesystem::path LogOf(const std::string& name) const;

 private:
  absl::StatusOr<DaemonReport> StartController(const UpOptions& options);
  absl::StatusOr<DaemonReport> StartWorker(const UpOptions& options);
  absl::StatusOr<pid_t> Start(const std::string& name, std::vector<std::string> arguments,
                              absl::Duration patience);
  absl::StatusOr<DaemonReport> Stop(const std::string& name, absl::Duration patience);
  absl::Status WaitForWorker(absl::Duration patience) const;
  absl::Status StartError(const std::string& name, const std::string& what) const;
  std::filesystem::path FolderOf(const std::string& name) const { return state_folder_ / name; }

  const std::filesystem::path state_folder_, binary_folder_;
};

}  // namespace fp4::client
