// Completion scripts, made from the command line's own description, so that they cannot drift from
// it.
#pragma once

#include <string>
#include <vector>

#include "client/verb.h"

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
    kWorker,
    kShell
  } argument = Argument::kNone;
};

// `shared`: the options that every verb has.
std::vector<CommandWords> CommandsOf(const std::vector<Verb>& verbs,
                                     const std::vector<Option>& shared);

// `shell` is bash, zsh or fish.
std::string CompletionScript(const std::string& shell, const std::vector<CommandWords>& commands);

}  // namespace fp4::client
