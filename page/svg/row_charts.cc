#include "page/svg/row_charts.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "page/page.h"
#include "page/svg/markup.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

constexpr size_t kMostNameLetters = 18;
constexpr int kRowHeight = 46, kNameBaseline = 16, kDrawingTop = 22, kDrawingHeight = 16;

std::string NameOf(size_t row, const std::string& name, const std::string& text) {
  const int y = static_cast<int>(row) * kRowHeight + kNameBaseline;
  return absl::StrCat("<text class=\"name\" x=\"0\" y=\"", y, "\"><title>", EscapeHtml(name),
                      "</title><tspan class=\"strong\">",
                      EscapeHtml(ShortName(name, kMostNameLetters)), "</tspan> <tspan>",
                      EscapeHtml(text), "</tspan></text>");
}

std::string Rows(const std::string& label, size_t num_rows, const Axis& axis,
                 const std::string& content) {
  return Draw(
      {.label = label, .height = static_cast<int>(num_rows) * kRowHeight + 4, .margin = "narrow"},
      VerticalGrid(axis) + content);
}

std::string IntervalOf(const IntervalRow& row, size_t index, const Axis& axis) {
  const int y = static_cast<int>(index) * kRowHeight + kDrawingTop + kDrawingHeight / 2;
  std::string text;
  if (row.low && row.high && axis.Takes(*row.low) && axis.Takes(*row.high)) {
    const std::string low = Percent(axis.Share(*row.low)), high = Percent(axis.Share(*row.high));
    absl::StrAppend(&text, "<line class=\"whisker ", StyleClass(row.style), "\" x1=\"", low,
                    "\" x2=\"", high, "\" y1=\"", y, "\" y2=\"", y, "\"/>");
    for (const std::string& end : {low, high}) {
      absl::StrAppend(&text, "<line class=\"whisker ", StyleClass(row.style), "\" x1=\"", end,
                      "\" x2=\"", end, "\" y1=\"", y - 5, "\" y2=\"", y + 5, "\"/>");
    }
  }
  absl::StrAppend(&text, "<circle class=\"dot ", StyleClass(row.style), "\" cx=\"",
                  Percent(axis.Share(*row.mean)), "\" cy=\"", y, "\" r=\"5\"><title>",
                  EscapeHtml(absl::StrCat(row.name, ": ", row.text)), "</title></circle>");
  return text;
}

std::string BarsOf(const BarRow& row, size_t index, const Axis& axis) {
  const int y = static_cast<int>(index) * kRowHeight + kDrawingTop;
  std::string text;
  double sum = 0;
  for (const BarPart& part : row.parts) {
    if (!std::isfinite(part.value) || part.value <= 0) continue;
    const double from = axis.Share(sum), to = axis.Share(sum + part.value);
    sum += part.value;
    absl::StrAppend(
        &text, "<rect class=\"bar ", StyleClass(part.style), "\" x=\"", Percent(from),
        "\" width=\"", Percent(to - from), "\" y=\"", y, "\" height=\"", kDrawingHeight,
        "\"><title>",
        EscapeHtml(absl::StrCat(row.name, ", ", part.name, ": ", ValueText(part.value))),
        "</title></rect>");
  }
  return text;
}

double SumOf(const BarRow& row) {
  double sum = 0;
  for (const BarPart& part : row.parts) {
    if (std::isfinite(part.value) && part.value > 0) sum += part.value;
  }
  return sum;
}

}  // namespace

std::string DrawIntervalChart(const IntervalChart& chart) {
  Axis axis(chart.x_title);
  axis.Include(0);
  bool any = false;
  for (const IntervalRow& row : chart.rows) {
    if (!row.mean || !axis.Takes(*row.mean)) continue;
    any = true;
    axis.Include(*row.mean);
    if (row.low) axis.Include(*row.low);
    if (row.high) axis.Include(*row.high);
  }
  if (!any) return "";
  axis.Pad(0.04);
  const std::string zero = Percent(axis.Share(0));
  std::string text = absl::StrCat("<line class=\"zero\" x1=\"", zero, "\" x2=\"", zero,
                                  "\" y1=\"0\" y2=\"100%\"/>");
  for (size_t i = 0; i < chart.rows.size(); ++i) {
    const IntervalRow& row = chart.rows[i];
    text += NameOf(i, row.name, row.text);
    if (row.mean && axis.Takes(*row.mean)) text += IntervalOf(row, i, axis);
  }
  return Rows(chart.label, chart.rows.size(), axis, text);
}

std::string DrawBarChart(const BarChart& chart) {
  Axis axis(chart.x_title);
  axis.Include(0);
  double longest = 0;
  for (const BarRow& row : chart.rows) longest = std::max(longest, SumOf(row));
  if (longest <= 0) return "";
  axis.Include(longest);
  std::string text;
  for (size_t i = 0; i < chart.rows.size(); ++i) {
    text += NameOf(i, chart.rows[i].name, chart.rows[i].text) + BarsOf(chart.rows[i], i, axis);
  }
  return Rows(chart.label, chart.rows.size(), axis, text);
}

}  // namespace fp4::page::svg
