// Curves as JSON, written without a tree of values in between: an answer may hold 100,000 points.
#include "absl/strings/str_cat.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"

namespace fp4::wire {
namespace {

void AppendPoints(const v1::Series& series, std::string& text) {
  text += '[';
  for (const v1::Point& point : series.points()) {
    absl::StrAppend(&text, text.back() == '[' ? "" : ",", "{\"step\":", point.step(),
                    ",\"value\":", Dump(Number(point.value())), ",\"attempt\":", point.attempt(),
                    "}");
  }
  text += ']';
}

}  // namespace

std::string PointsJson(const v1::Series& series) {
  std::string text;
  AppendPoints(series, text);
  return text;
}

std::string NamesJson(const std::vector<std::string>& names) { return Dump(Json(names)); }

std::string RunSeriesJson(const std::vector<RunSeries>& all, SeriesNamed named) {
  std::string text = "[";
  for (const RunSeries& one : all) {
    absl::StrAppend(&text, text.size() == 1 ? "" : ",", "{\"run\":", Dump(one.run.id()),
                    ",\"variant\":", Dump(one.run.variant()), ",\"seed\":", one.run.seed());
    if (named == SeriesNamed::kYes) {
      absl::StrAppend(&text, ",\"name\":", Dump(one.series.name()));
    }
    text += ",\"points\":";
    AppendPoints(one.series, text);
    text += '}';
  }
  return text + "]";
}

}  // namespace fp4::wire
