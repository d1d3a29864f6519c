// What the command lines of the daemons have in common.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/duration.h"
#include "daemon/config_file.h"

namespace CLI {
class App;
}

namespace fp4::daemon {

// The flags of a parser that may stand in a configuration file.
std::vector<KnownFlag> FlagsOf(const CLI::App& app);

// The error with the flag before it: "--grace: …".
absl::Status Flagged(const std::string& flag, const absl::Status& status);

// As ParseDurationBetween, with the flag in the error.
absl::StatusOr<absl::Duration> ParseDurationFlag(const std::string& flag, const std::string& text,
                                                 absl::Duration min,
                                                 absl::Duration max = kLongestDuration);

}  // namespace fp4::daemon
