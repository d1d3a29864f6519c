#include "client/diff/unified.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fp4::client {
namespace {

using Lines = std::vector<std::string_view>;

constexpr size_t kMostPairs = 5'000'000;
constexpr size_t kContext = 3;

struct Edit {
  char mark = ' ';  // ' ' in both, '-' in the first only, '+' in the second only
  std::string_view line;
};

Lines LinesOf(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  Lines lines;
  if (text.empty()) return lines;
  for (const auto part : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    lines.emplace_back(part.data(), part.size());
  }
  return lines;
}

// The longest common subsequence, by the table of the lengths for all pairs of ends.
void AddChanged(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  if (a.empty() || b.empty() || a.size() > kMostPairs / b.size()) {
    for (const std::string_view line : a) edits.push_back({'-', line});
    for (const std::string_view line : b) edits.push_back({'+', line});
    return;
  }
  const size_t width = b.size() + 1;
  std::vector<int> length((a.size() + 1) * width, 0);  // of a from i on and b from j on
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      length[i * width + j] =
          a[i] == b[j] ? length[(i + 1) * width + j + 1] + 1
                       : std::max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i++]});
      ++j;
    } else if (j == b.size() ||
               (i < a.size() && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
}

std::vector<Edit> EditsOf(const Lines& a, const Lines& b) {
  size_t begin = 0, end = 0;
  const size_t shorter = std::min(a.size(), b.size());
  while (begin < shorter && a[begin] == b[begin]) ++begin;
  while (end < shorter - begin && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;
  std::vector<Edit> edits;
  for (size_t i = 0; i < begin; ++i) edits.push_back({' ', a[i]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<ptrdiff_t>(begin),
                 lines.end() - static_cast<ptrdiff_t>(end));
  };
  AddChanged(middle(a), middle(b), edits);
  for (size_t i = a.size() - end; i < a.size(); ++i) edits.push_back({' ', a[i]});
  return edits;
}

// "12,7": a hunk's first line and how many it has; an empty one names the line before it.
std::string Extent(size_t lines_before, size_t count) {
  return absl::StrCat(count == 0 ? lines_before : lines_before + 1, ",", count);
}

// Edits from `begin` to before `end`, with the number of lines in front of them on either side.
std::string Hunk(const std::vector<Edit>& edits, size_t begin, size_t end) {
  size_t before_a = 0, before_b = 0, count_a = 0, count_b = 0;
  for (size_t i = 0; i < end; ++i) {
    (i < begin ? before_a : count_a) += edits[i].mark != '+' ? 1 : 0;
    (i < begin ? before_b : count_b) += edits[i].mark != '-' ? 1 : 0;
  }
  std::string text =
      absl::StrCat("@@ -", Extent(before_a, count_a), " +", Extent(before_b, count_b), " @@\n");
  for (size_t i = begin; i < end; ++i) {
    absl::StrAppend(&text, std::string(1, edits[i].mark), std::string(edits[i].line), "\n");
  }
  return text;
}

}  // namespace

std::string UnifiedDiff(std::string_view name_a, std::string_view a, std::string_view name_b,
                        std::string_view b) {
  const std::vector<Edit> edits = EditsOf(LinesOf(a), LinesOf(b));
  std::string hunks;
  for (size_t i = 0; i < edits.size();) {
    if (edits[i].mark == ' ') {
      ++i;
      continue;
    }
    const size_t begin = i >= kContext ? i - kContext : 0;
    // A change belongs to this hunk when the lines of context between them would meet.
    size_t last = i;
    for (size_t j = i; j < edits.size() && j <= last + 2 * kContext + 1; ++j) {
      if (edits[j].mark != ' ') last = j;
    }
    const size_t end = std::min(edits.size(), last + kContext + 1);
    hunks += Hunk(edits, begin, end);
    i = end;
  }
  if (hunks.empty()) return "";
  return absl::StrCat("--- ", std::string(name_a), "\n+++ ", std::string(name_b), "\n", hunks);
}

}  // namespace fp4::client
