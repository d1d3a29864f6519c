// Completion scripts, made from the command line's own description, so that they cannot drift from
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/verb.h"

namespace fp4::client {

// What may stand at a place of the command line.
struct CompletionWords {
  enum class Kind { kNone, kFile, kChoices, kIds };
  Kind kind = Kind::kNone;
  std::vector<std::string> choices = {};  // kChoices
  std::string_view ids = "";              // kIds: a kind of client/completion/ids.h
};

struct CommandWords {
  std::string name, summary;
  std::vector<std::string> options;  // "--watch", "-o", …
  struct ValueOption {
    std::vector<std::string> spellings;  // "--name", "-n"
    CompletionWords value;
  };
  std::vector<ValueOption> value_options;  // those of them behind which a value stands
  std::vector<CompletionWords> arguments;  // by position
  bool last_repeats = false;               // the last argument may come again and again
};

// `shared`: the options that every verb has.
std::vector<CommandWords> CommandsOf(const std::vector<Verb>& verbs,
                                     const std::vector<Option>& shared);

// `shell` is bash, zsh or fish. The scripts ask `fp4ctl completion --ids` for ids, at the
// controller that the line names, else at the usual one.
std::string CompletionScript(const std::string& shell, const std::vector<CommandWords>& commands);

// One for each shell.
std::string BashScript(const std::vector<CommandWords>& commands);
std::string ZshScript(const std::vector<CommandWords>& commands);
std::string FishScript(const std::vector<CommandWords>& commands);

}  // namespace fp4::client
