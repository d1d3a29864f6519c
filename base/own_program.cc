#include "base/own_program.h"

#include <system_error>

namespace fp4 {

std::filesystem::path OwnProgram() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

}  // namespace fp4
