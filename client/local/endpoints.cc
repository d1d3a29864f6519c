#include "client/local/endpoints.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"

namespace fp4::client {
namespace {

std::filesystem::path HomeFolder() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
  const passwd* entry = getpwuid(getuid());
  return entry == nullptr ? "/tmp" : entry->pw_dir;
}

}  // namespace

std::optional<Endpoints> ReadEndpoints(const std::filesystem::path& folder) {
  auto text = ReadFile(folder / "endpoints.json");
  if (!text.ok()) return std::nullopt;
  auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json["pid"].is_number_integer()) return std::nullopt;
  Endpoints endpoints{.pid = json["pid"].get<pid_t>(), .grpc = {}, .http = {}};
  if (json["grpc"].is_string()) endpoints.grpc = json["grpc"];
  if (json["http"].is_string()) endpoints.http = json["http"];
  return endpoints;
}

std::optional<Endpoints> FindDaemon(const std::filesystem::path& folder) {
  auto endpoints = ReadEndpoints(folder);
  if (!endpoints.has_value() || !IsDaemonOf(endpoints->pid, folder)) return std::nullopt;
  return endpoints;
}

bool IsDaemonOf(pid_t pid, const std::filesystem::path& folder) {
  if (pid <= 0) return false;
  // Arguments end with a zero byte each; a dead process that nobody has waited for has none.
  auto arguments = ReadFile(absl::StrCat("/proc/", pid, "/cmdline"));
  if (!arguments.ok()) return false;
  for (absl::string_view argument : absl::StrSplit(*arguments, '\0')) {
    if (argument == folder.string()) return true;
  }
  return false;
}

std::filesystem::path StateFolder() {
  if (const char* own = std::getenv("FP4_STATE_DIR"); own != nullptr && *own != '\0') {
    return std::filesystem::absolute(own).lexically_normal();
  }
  const char* state = std::getenv("XDG_STATE_HOME");
  std::filesystem::path parent =
      state != nullptr && *state == '/' ? state : HomeFolder() / ".local" / "state";
  return parent / "fp4lab";
}

}  // namespace fp4::client
