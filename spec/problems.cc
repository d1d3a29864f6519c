#include "spec/problems.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fp4::spec {

std::string Path::ToString() const {
  if (parent == nullptr) return "";
  const std::string before = parent->ToString();
  if (name.empty()) return absl::StrCat(before, "[", index, "]");
  return absl::StrCat(before, before.empty() ? "" : ".", ShownKey(name));
}

void Problems::Add(const Place& place, const Path& path, std::string message) {
  Add(place, path.ToString(), std::move(message));
}

void Problems::Add(const Place& place, const std::string& path, std::string message) {
  const Source none;
  const Source& source = place.source == nullptr ? none : *place.source;
  std::string where = source.prefix + path;
  if (where.ends_with('.')) where.pop_back();
  Add({std::move(where), place.line, place.column, std::move(message), source.override});
}

void Problems::Add(Problem problem) {
  if (seen_.insert(KeyOf(problem)).second) problems_.push_back(std::move(problem));
}

bool Problems::Contains(const Problem& problem) const { return seen_.contains(KeyOf(problem)); }

Problems::Key Problems::KeyOf(const Problem& problem) {
  return {problem.path + '\n' + problem.override_text, problem.line, problem.column,
          problem.message};
}

std::vector<Problem> Problems::Sorted(size_t limit) const {
  std::vector<Problem> sorted = problems_;
  std::ranges::stable_sort(sorted, {}, [](const Problem& problem) {
    return std::tuple(!problem.override_text.empty(), problem.line, problem.column);
  });
  if (sorted.size() > limit) {
    const size_t left_out = sorted.size() - limit;
    sorted.resize(limit);
    sorted.push_back({"", sorted.back().line, sorted.back().column,
                      absl::StrCat("and ", left_out, " more problems"), ""});
  }
  return sorted;
}

std::string Problem::ToString(std::string_view document_name) const {
  std::string text;
  if (!override_text.empty()) {
    text = absl::StrCat("--set ", ShownKey(override_text), ": error: ");
  } else {
    text = absl::StrCat(std::string(document_name), ":", std::max(line, 1), ":",
                        std::max(column, 1), ": error: ");
  }
  if (!path.empty()) absl::StrAppend(&text, path, ": ");
  return text + message;
}

}  // namespace fp4::spec
