// From the words of a command line to a verb with its options set.
#pragma once

#include <string>
#include <vector>

#include "client/verb.h"

namespace fp4::client {

// What the help page and the manual page say of the program as a whole.
inline constexpr char kProgramSummary[] =
    "submit, watch and compare low-precision training experiments";
inline constexpr char kProgramNotes[] =
    R"(Where the controller is: --controller, else FP4_CONTROLLER, else the local one that `fp4ctl up` started.
Ids of experiments and runs may be shortened to any prefix that fits one only.
)";

struct ParsedLine {
  const Verb* verb = nullptr;  // one of the verbs given; null: see below
  std::string text = {};       // what was asked for instead: the page of --help, or --version
  std::string error = {};  // else what is wrong with the words, and where to look, with newlines
};

// The options that every verb has.
std::vector<Option> SharedOptions(Context& context);

// The default as help pages show it; empty: it is not worth a word.
std::string DefaultText(const Option& option);
// What stands for the value in help pages: "HOST:PORT".
std::string ValueName(const Option& option);

// Sets the options of the verb that is named, and the shared ones, on the way.
ParsedLine ParseCommandLine(int argc, const char* const* argv, const std::vector<Verb>& verbs,
                            Context& context);

}  // namespace fp4::client
