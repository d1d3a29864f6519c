#include "wire/tables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "spec/events.h"
#include "wire/json/values.h"
#include "wire/steps.h"

namespace fp4::wire {
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

std::string MetricsCsv(const std::vector<v1::Series>& series) {
  std::string text = "step";
  for (const v1::Series& one : series) absl::StrAppend(&text, ",", CsvField(one.name()));
  text += "\n";
  VisitSteps(series, [&](int64_t step, const StepRow& row) {
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
  for (const v1::Series& one : series) names.push_back(Dump(one.name()));
  std::string text;
  VisitSteps(series, [&](int64_t step, const StepRow& row) {
    absl::StrAppend(&text, "{\"step\": ", step);
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == nullptr) continue;
      absl::StrAppend(&text, ", ", names[i], ": ", spec::FormatNumber(row[i]->value()));
    }
    text += "}\n";
  });
  return text;
}

}  // namespace fp4::wire
