// A daemon's configuration file: a JSON object, with comments as in documents, whose fields are the
// daemon's flags without their dashes. A flag that stands on the command line wins over the file.
//
//   {
//     "listen": "127.0.0.1:4404",   // --listen 127.0.0.1:4404
//     "allow-path": ["/data"],      // a list: the flag again and again
//     "insecure": true              // a flag without a value
//   }
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::daemon {

struct KnownFlag {
  std::string name;         // without dashes
  bool takes_value = true;  // false: it is there or not
};

struct CommandLine {
  std::vector<std::string> arguments;         // without the program's name and --config
  std::map<std::string, std::string> places;  // flags from the file: "--listen" -> "FILE:3:15"

  // `message` of the parser, with the place of the flag that it names, where that is in the file.
  std::string WithPlace(const std::string& message) const;
};

// The arguments, with those of the file of `--config FILE` (or --config=FILE) before them.
// INVALID_ARGUMENT names file, line and column: a field that is none of `flags`, one that stands
// twice, a value of another kind, or what is no JSON. The system's error: the file cannot be read.
absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv,
                                            const std::vector<KnownFlag>& flags);

}  // namespace fp4::daemon
