#include "daemon/flags.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"

namespace fp4::daemon {

std::vector<KnownFlag> FlagsOf(const CLI::App& app) {
  std::vector<KnownFlag> flags;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    if (name.empty() || name == "help" || name == "version" || name == "config") continue;
    flags.push_back({name, option->get_items_expected_max() > 0});
  }
  return flags;
}

absl::Status Flagged(const std::string& flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

absl::StatusOr<absl::Duration> ParseDurationFlag(const std::string& flag, const std::string& text,
                                                 absl::Duration min, absl::Duration max) {
  absl::StatusOr<absl::Duration> duration = ParseDurationBetween(text, min, max);
  return duration.ok() ? duration : Flagged(flag, duration.status());
}

}  // namespace fp4::daemon
