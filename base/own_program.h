// The file that this process runs.
#pragma once

#include <filesystem>

namespace fp4 {

// Its path, links followed; its folder holds the programs and libraries that were installed with
// it. Empty where the system does not tell, as without /proc. Thread-safe.
std::filesystem::path OwnProgram();

}  // namespace fp4
