// Runs a short program and takes what it prints.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fp4 {

struct CommandResult {
  int exit_status = 0;  // or 128 + the signal that ended it
  std::string out, err;
};

// Starts argv[0], found by PATH where it has no slash, with `input` on standard input, and waits
// for its end. Of each output the first MiB is kept. NOT_FOUND: there is no such program;
// DEADLINE_EXCEEDED: it ran for longer than `timeout` and was killed, with those of its children
// that stayed in its process group. Thread-safe; blocks.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& argv,
                                         const std::string& input, absl::Duration timeout);

// The words of a line as a shell would take them apart: by blanks, with '…' and "…" and backslashes
// kept together. Nothing is expanded. INVALID_ARGUMENT: a quote that does not end.
absl::StatusOr<std::vector<std::string>> SplitWords(const std::string& line);

}  // namespace fp4
