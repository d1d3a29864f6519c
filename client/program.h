#pragma once

#include <vector>

#include "client/verb.h"

namespace fp4::client {

// fp4ctl without its process: parses the arguments, runs the verb, reports what went wrong on the
// context's `err`.
ExitCode RunProgram(int argc, const char* const* argv, const std::vector<Verb>& verbs,
                    Context& context);

}  // namespace fp4::client
