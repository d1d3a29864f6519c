#pragma once

#include <string>
#include <vector>

namespace fp4::client {

// Names of a column that is too narrow for them, each cut to at most `width` columns so that
// different names stay different where that is possible: what all have in common at the beginning
// is left out, or a middle part of each. Names that fit are given back as they are. `unicode`: what
// was cut is marked by "…", else by "~".
std::vector<std::string> CutNames(const std::vector<std::string>& names, int width, bool unicode);

}  // namespace fp4::client
