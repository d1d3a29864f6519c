// From the words of a command line to a verb with its options set.
#pragma once

#include <string>
#include <vector>

#include "client/verb.h"

namespace fp4::client {

struct ParsedLine {
  const Verb* verb = nullptr;  // one of the verbs given; null: see below
  std::string text = {};       // what was asked for instead: the page of --help, or --version
  std::string error = {};  // else what is wrong with the words, and where to look, with newlines
};

// The options that every verb has.
std::vector<Option> SharedOptions(Context& context);

// Sets the options of the verb that is named, and the shared ones, on the way.
ParsedLine ParseCommandLine(int argc, const char* const* argv, const std::vector<Verb>& verbs,
                            Context& context);

}  // namespace fp4::client
