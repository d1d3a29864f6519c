#include "base/environment.h"

#include <cstdlib>

namespace fp4 {

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace fp4
