#pragma once

#include <string>

namespace fp4 {

// The value of an environment variable; empty where it is not set.
std::string EnvironmentVariable(const char* name);

}  // namespace fp4
