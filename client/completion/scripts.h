// Completion scripts, made from the command line's own description, so that they cannot drift from
// it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace fp4::client {

struct CommandWords {
  std::string name, summary;
  std::vector<std::string> options;  // "--watch", "-o", …
  enum class Argument {
    kNone,
    kFile,
    kExperiment,
    kAnyId,
    kField,
    kShell
  } argument = Argument::kNone;
};

std::vector<CommandWords> CommandsOf(const CLI::App& app);

// `shell` is bash, zsh or fish.
std::string CompletionScript(const std::string& shell, const std::vector<CommandWords>& commands);

}  // namespace fp4::client
