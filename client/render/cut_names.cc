#include "client/render/cut_names.h"

#include <algorithm>
#include <set>

#include "client/render/text.h"

namespace fp4::client {
namespace {

bool IsInsideCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Bytes that all names begin with; whole characters, and not the whole of any name.
size_t CommonStart(const std::vector<std::string>& names) {
  size_t common = names.front().size();
  for (const std::string& name : names) {
    const auto end = std::ranges::mismatch(names.front(), name).in2;
    common = std::min<size_t>(common, end - name.begin());
    if (!name.empty()) common = std::min(common, name.size() - 1);
  }
  while (common > 0 && IsInsideCharacter(names.front()[common])) --common;
  return common;
}

// The last `width` columns of `text`.
std::string Tail(const std::string& text, int width) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t next = begin - 1;
    while (next > 0 && IsInsideCharacter(text[next])) --next;
    if (DisplayWidth(std::string_view(text).substr(next)) > width) break;
    begin = next;
  }
  return text.substr(begin);
}

std::string WithoutMiddle(const std::string& name, int width, const std::string& mark) {
  if (DisplayWidth(name) <= width) return name;
  const int head = (width - 1) / 2;
  std::string start = Truncate(name, head + 1, true);
  start.resize(start.size() - std::string_view("…").size());
  return start + mark + Tail(name, width - 1 - head);
}

std::string WithoutStart(const std::string& name, int width, const std::string& mark) {
  return DisplayWidth(name) <= width ? name : mark + Tail(name, width - 1);
}

size_t NumDistinct(const std::vector<std::string>& names) {
  return std::set<std::string>(names.begin(), names.end()).size();
}

}  // namespace

std::vector<std::string> CutNames(const std::vector<std::string>& names, int width, bool unicode) {
  const bool fit = std::ranges::all_of(
      names, [&](const std::string& name) { return DisplayWidth(name) <= width; });
  if (fit || names.empty() || width < 2) {
    std::vector<std::string> cut;
    for (const std::string& name : names) cut.push_back(Truncate(name, width, unicode));
    return cut;
  }
  const std::string mark(GlyphsFor(unicode).ellipsis);
  const size_t common = NumDistinct(names) > 1 ? CommonStart(names) : 0;
  // From the form that is read best to the one that keeps most apart.
  std::vector<std::vector<std::string>> forms(3);
  for (const std::string& name : names) {
    forms[0].push_back(WithoutMiddle(name, width, mark));
    const std::string rest = common > 1 ? mark + name.substr(common) : name;
    forms[1].push_back(WithoutMiddle(rest, width, mark));
    forms[2].push_back(WithoutStart(name, width, mark));
  }
  return *std::ranges::max_element(forms, {}, NumDistinct);
}

}  // namespace fp4::client
