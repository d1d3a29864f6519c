#include "client/export/tables.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "spec/events.h"
#include "wire/json/values.h"

namespace fp4::client {
namespace {

// The points of one step, by series; null: none.
using Row = std::vector<const v1::Point*>;

// Calls `visit` for each step, rising. The series are sorted by step already.
void VisitSteps(const std::vector<v1::Series>& series,
                const std::function<void(int64_t step, const Row&)>& visit) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  std::vector<int> next(series.size(), 0);
  while (true) {
    int64_t step = kEnd;
    for (size_t i = 0; i < series.size(); ++i) {
      if (next[i] < series[i].points_size()) {
        step = std::min(step, series[i].points(next[i]).step());
      }
    }
    if (step == kEnd) return;
    Row row(series.size(), nullptr);
    for (size_t i = 0; i < series.size(); ++i) {
      if (next[i] < series[i].points_size() && series[i].points(next[i]).step() == step) {
        row[i] = &series[i].points(next[i]++);
      }
    }
    visit(step, row);
  }
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// FormatNumber's text without the quotes around what is not finite.
std::string CsvNumber(double value) {
  std::string text = spec::FormatNumber(value);
  std::erase(text, '"');
  return text;
}

}  // namespace

std::string MetricsCsv(const std::vector<v1::Series>& series) {
  std::string text = "step";
  for (const v1::Series& one : series) absl::StrAppend(&text, ",", CsvField(one.name()));
  text += "\n";
  VisitSteps(series, [&](int64_t step, const Row& row) {
    absl::StrAppend(&text, step);
    for (const v1::Point* point : row) {
      absl::StrAppend(&text, ",", point == nullptr ? "" : CsvNumber(point->value()));
    }
    text += "\n";
  });
  return text;
}

std::string MetricsJsonLines(const std::vector<v1::Series>& series) {
  std::vector<std::string> names;
  for (const v1::Series& one : series) names.push_back(wire::Dump(one.name()));
  std::string text;
  VisitSteps(series, [&](int64_t step, const Row& row) {
    absl::StrAppend(&text, "{\"step\": ", step);
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == nullptr) continue;
      absl::StrAppend(&text, ", ", names[i], ": ", spec::FormatNumber(row[i]->value()));
    }
    text += "}\n";
  });
  return text;
}

}  // namespace fp4::client
