#include "spec/suggest.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fp4::spec {
namespace {

constexpr size_t kLongestWord = 80;
constexpr size_t kListedChoices = 40;

// "batch_size" is a part of one name alone.
std::string OnlyOneThatContains(std::string_view part, std::span<const std::string> choices) {
  constexpr size_t kShortest = 4;
  std::string found;
  for (const std::string& choice : choices) {
    if (part.size() < kShortest || choice.find(part) == std::string::npos) continue;
    if (!found.empty()) return "";
    found = choice;
  }
  return found;
}

}  // namespace

int EditDistance(std::string_view a, std::string_view b) {
  const auto equal = [](char x, char y) {
    return absl::ascii_tolower(x) == absl::ascii_tolower(y);
  };
  std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min(
          {above[j] + 1, row[j - 1] + 1, above[j - 1] + (equal(a[i - 1], b[j - 1]) ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && equal(a[i - 1], b[j - 2]) && equal(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string Nearest(std::string_view wrong, std::span<const std::string> choices) {
  if (wrong.empty() || wrong.size() > kLongestWord) return "";
  int best = static_cast<int>(std::max<size_t>(1, wrong.size() / 3)) + 1;
  std::string nearest;
  for (const std::string& choice : choices) {
    const int distance = EditDistance(wrong, choice);
    if (distance < best && static_cast<size_t>(distance) < choice.size()) {
      best = distance;
      nearest = choice;
    }
  }
  return nearest.empty() ? OnlyOneThatContains(wrong, choices) : nearest;
}

std::string SuggestionAndChoices(std::string_view wrong, std::span<const std::string> choices) {
  const std::string nearest = Nearest(wrong, choices);
  std::string text = nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'");
  absl::StrAppend(&text, "; allowed: ");
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i == kListedChoices) return absl::StrCat(text, ", … (", choices.size(), " in all)");
    absl::StrAppend(&text, i == 0 ? "" : ", ", choices[i]);
  }
  return text;
}

}  // namespace fp4::spec
