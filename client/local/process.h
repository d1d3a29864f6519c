// Starting and ending daemons.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fp4::client {

// Starts a program in a session of its own, so that neither the terminal's signals nor its end
// reach it: standard input is empty, output is appended to `log`, no other descriptor is inherited,
// signals are as by default.
absl::StatusOr<pid_t> StartDaemon(const std::vector<std::string>& arguments,
                                  const std::filesystem::path& log);

// How a child of this process has ended: "exited with status 1", "was killed by signal 9"; empty
// while it runs.
std::string ChildEnd(pid_t pid);

// Asks `condition` again and again until it is true; false when `timeout` has passed first.
bool WaitUntil(const std::function<bool()>& condition, absl::Duration timeout);

}  // namespace fp4::client
