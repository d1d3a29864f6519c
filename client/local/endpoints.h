// Finding the daemons of this machine by what they write into their folders.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace fp4::client {

// Below the state folder.
inline constexpr char kControllerFolder[] = "controller";
inline constexpr char kWorkerFolder[] = "worker";

// A daemon's endpoints.json, which it writes once it serves.
struct Endpoints {
  pid_t pid = 0;
  std::string grpc;  // HOST:PORT; empty for a worker
  std::string http;
};

// What the file says, whether its daemon lives or not; nothing when there is none or it cannot be
// read.
std::optional<Endpoints> ReadEndpoints(const std::filesystem::path& folder);

// As ReadEndpoints, only when the daemon of this folder lives.
std::optional<Endpoints> FindDaemon(const std::filesystem::path& folder);

// Whether process `pid` lives and is the daemon of this folder: a process id may have been given to
// another program since.
bool IsDaemonOf(pid_t pid, const std::filesystem::path& folder);

// ${FP4_STATE_DIR:-${XDG_STATE_HOME:-~/.local/state}/fp4lab}, absolute.
std::filesystem::path StateFolder();

}  // namespace fp4::client
