#include "client/report/content.h"

#include <algorithm>

namespace fp4::client::report {

std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
}

}  // namespace fp4::client::report
