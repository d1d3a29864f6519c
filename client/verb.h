// A verb of fp4ctl as data: what it is called, which options it has, what it does. The command line
// (client/command_line.h) makes its parser, its help pages and the completion scripts from it, so
// that the file of a verb names no parser library.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/exit_code.h"

namespace fp4::client {

// Which numbers an option takes; whole ones for an int64_t.
struct IntegerRange {
  int64_t low = 0;
  int64_t high = std::numeric_limits<int64_t>::max();
};

struct Option {
  // Where the value goes; it must live as long as the verb. What it holds at the beginning is the
  // default, which the help page shows unless it is empty, zero or less. A bool is a flag; a
  // vector's option may be given again and again, and a positional one takes several words.
  using Target = std::variant<bool*, int64_t*, double*, std::string*, std::vector<std::string>*>;

  std::string names;  // "--limit", "-y,--yes"; a positional argument has no dashes: "EXPERIMENT"
  Target target;
  std::string help;
  bool required = false;
  std::string value_name = {};            // stands for the value in the help page: "HOST:PORT"
  IntegerRange range = {};                // of an int64_t or a double
  std::vector<std::string> choices = {};  // of a string; empty: any
};

// Sections of the help page.
inline constexpr char kLocalGroup[] = "On this machine";
inline constexpr char kExperimentGroup[] = "Experiments and runs";
inline constexpr char kDocumentGroup[] = "Documents";
inline constexpr char kOtherGroup[] = "Other";

struct Verb {
  std::string group, name;
  std::string summary;  // one line of `fp4ctl --help`
  std::string help;     // the long text below the options of `fp4ctl VERB --help`
  std::vector<Option> options;
  // Called once, after the options were set. An error is reported by the caller.
  std::function<absl::StatusOr<ExitCode>(Context&)> run;
};

}  // namespace fp4::client
