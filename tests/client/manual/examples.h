// The examples of help pages as command lines.
#pragma once

#include <string>
#include <vector>

namespace fp4::client {

// The words of each call of fp4ctl in the indented lines of `help`: up to a pipe, a redirection,
// the next command, or three spaces, after which people are told what the example does.
std::vector<std::vector<std::string>> ExamplesOf(const std::string& help);

}  // namespace fp4::client
