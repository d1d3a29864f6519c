// fp4-quantize as a function.
#pragma once

#include <ostream>

namespace fp4::numerics::tool {

// Returns the exit code: 0 done, 1 a file cannot be read or written or is broken, 2 the command
// line is wrong or does not fit the input.
int RunTool(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace fp4::numerics::tool
