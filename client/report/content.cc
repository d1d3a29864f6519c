#include "client/report/content.h"

#include <algorithm>

#include "absl/strings/str_replace.h"

namespace fp4::client::report {

std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  for (const char* mark :
       {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    absl::StrReplaceAll({{mark, "\uFFFD"}}, &text);
  }
  return text;
}

}  // namespace fp4::client::report
