#include "page/svg/heat_map.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "page/page.h"
#include "page/svg/markup.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

constexpr int kRowHeight = 18;
constexpr size_t kLabelsAcross = 5, kMostRowLetters = 26;
constexpr int kNoLevel = -1;

int LevelOf(double value, const HeatMap& map) {
  if (std::isnan(value)) return kNoLevel;
  if (value <= map.low) return 0;
  if (value >= map.high) return kNumHeatLevels - 1;
  const double share = (value - map.low) / (map.high - map.low);
  return std::min(kNumHeatLevels - 1, static_cast<int>(share * kNumHeatLevels));
}

// Columns from `begin` to before `end` of a row, all of one level.
struct Stretch {
  size_t begin = 0, end = 0;
  int level = 0;
  double low = 0, high = 0;  // of its values
};

std::vector<Stretch> StretchesOf(const std::vector<double>& values, const HeatMap& map) {
  std::vector<Stretch> stretches;
  for (size_t i = 0; i < values.size(); ++i) {
    const int level = LevelOf(values[i], map);
    if (stretches.empty() || stretches.back().level != level) {
      stretches.push_back({i, i + 1, level, values[i], values[i]});
      continue;
    }
    Stretch& last = stretches.back();
    last.end = i + 1;
    last.low = std::min(last.low, values[i]);
    last.high = std::max(last.high, values[i]);
  }
  return stretches;
}

std::string TipOf(const Stretch& stretch, const std::string& row, const HeatMap& map) {
  std::string text = absl::StrCat(row, ", ", map.x_title, " ", map.columns[stretch.begin]);
  if (stretch.end - stretch.begin > 1) {
    absl::StrAppend(&text, " to ", map.columns[stretch.end - 1]);
  }
  absl::StrAppend(&text, ": ", ValueText(stretch.low));
  if (stretch.high != stretch.low) absl::StrAppend(&text, " to ", ValueText(stretch.high));
  return text;
}

std::string RowOf(size_t row, const HeatMap& map) {
  const int y = static_cast<int>(row) * kRowHeight;
  const auto width = static_cast<double>(map.columns.size());
  std::string text =
      absl::StrCat("<text x=\"0\" dx=\"-.5em\" y=\"", y + kRowHeight - 5, "\" text-anchor=\"end\">",
                   EscapeHtml(ShortName(map.rows[row], kMostRowLetters)), "</text>");
  for (const Stretch& stretch : StretchesOf(map.values[row], map)) {
    if (stretch.level == kNoLevel) continue;
    absl::StrAppend(&text, "<rect class=\"h", stretch.level, "\" x=\"",
                    Percent(static_cast<double>(stretch.begin) / width), "\" width=\"",
                    Percent(static_cast<double>(stretch.end - stretch.begin) / width), "\" y=\"", y,
                    "\" height=\"", kRowHeight - 1, "\"><title>",
                    EscapeHtml(TipOf(stretch, map.rows[row], map)), "</title></rect>");
  }
  return text;
}

std::string ColumnLabels(const HeatMap& map) {
  std::string text;
  const size_t count = map.columns.size();
  const size_t stride = std::max<size_t>(1, (count + kLabelsAcross - 1) / kLabelsAcross);
  for (size_t i = 0; i < count; i += stride) {
    const double middle = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    absl::StrAppend(&text, "<text x=\"", Percent(middle),
                    "\" y=\"100%\" dy=\"1.2em\" text-anchor=\"middle\">",
                    EscapeHtml(map.columns[i]), "</text>");
  }
  return absl::StrCat(text, "<text class=\"title\" x=\"50%\" y=\"100%\" dy=\"2.6em\" ",
                      "text-anchor=\"middle\">", EscapeHtml(map.x_title), "</text>");
}

}  // namespace

std::string DrawHeatMap(const HeatMap& map) {
  const bool any = std::ranges::any_of(map.values, [](const std::vector<double>& row) {
    return std::ranges::any_of(row, [](double value) { return !std::isnan(value); });
  });
  if (!any) return "";
  std::string text;
  for (size_t row = 0; row < map.rows.size(); ++row) text += RowOf(row, map);
  return Draw({.label = map.label,
               .height = static_cast<int>(map.rows.size()) * kRowHeight,
               .margin = "layers"},
              text + ColumnLabels(map));
}

std::string DrawHeatScale(double low, double high) {
  std::string text =
      absl::StrCat("<p class=\"scale\"><span>", EscapeHtml(ValueText(low)),
                   "</span><svg role=\"img\" aria-label=\"colours from ",
                   EscapeHtml(ValueText(low)), " to ", EscapeHtml(ValueText(high)), "\">");
  for (int level = 0; level < kNumHeatLevels; ++level) {
    absl::StrAppend(&text, "<rect class=\"h", level, "\" x=\"",
                    Percent(static_cast<double>(level) / kNumHeatLevels), "\" width=\"",
                    Percent(1.0 / kNumHeatLevels), "\" y=\"0\" height=\"100%\"/>");
  }
  return absl::StrCat(text, "</svg><span>", EscapeHtml(ValueText(high)), "</span></p>");
}

}  // namespace fp4::page::svg
