// The command line of fp4-controller.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"
#include "server/core/scheduling_policy.h"
#include "server/provision/settings.h"
#include "tls/files.h"

namespace fp4::server {

struct Options {
  std::filesystem::path data_dir;
  HostPort listen{"127.0.0.1", 4404};
  HostPort http{"127.0.0.1", 4405};
  std::vector<std::string>
      http_names;  // in lower case; what --http may be called besides addresses
  absl::Duration lease_ttl = absl::Seconds(30);
  core::SchedulingPolicy policy;
  std::vector<std::filesystem::path> allowed_roots;  // resolved: what was asked for, or the default
  std::optional<provision::Settings> slurm;          // workers as jobs of Slurm; nothing: none
  std::vector<std::filesystem::path> backup_roots;   // likewise
  std::filesystem::path artifact_folder;             // empty: data_dir/artifacts
  int64_t artifact_quota_bytes = 0;                  // 0: none
  int64_t min_free_bytes = 0;
  std::filesystem::path log_file;     // empty: stderr
  std::optional<tls::Files> tls;      // of both addresses; nothing: plain text
  bool ask_identity = false;          // of everybody, also while there is no token
  std::filesystem::path admin_token;  // not empty: make one there, and end
  std::filesystem::path restore;      // a backup to begin with; empty: none
};

// The program's exit statuses, as --help explains them.
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2;

// What the flags say; or, when there is nothing to run, the status to exit with, after --help,
// --version or a complaint has been printed.
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = kExitOk;
};
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace fp4::server
