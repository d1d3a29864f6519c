// What may be said: the first section.
#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/render/comparison.h"
#include "client/render/numbers.h"
#include "client/report/sections.h"
#include "page/svg/row_charts.h"

namespace fp4::client::report {
namespace {

constexpr int kDigits = 4;

std::string DifferenceText(const v1::Difference& difference) {
  if (difference.n() == 0) return "";
  std::string text = FormatSigned(difference.mean(), kDigits);
  if (!difference.has_ci95()) return text;
  return absl::StrCat(text, " [", FormatSigned(difference.ci95().low(), kDigits), ", ",
                      FormatSigned(difference.ci95().high(), kDigits), "]");
}

std::string MeanText(const v1::VariantComparison& variant) {
  if (variant.n() == 0) return "";
  std::string text = FormatFixed(variant.mean(), kDigits);
  if (variant.has_std()) absl::StrAppend(&text, " ± ", FormatFixed(variant.std(), kDigits));
  return text;
}

Statements Verdicts(const v1::CompareResponse& comparison) {
  Statements statements;
  for (const v1::VariantComparison& variant : comparison.variants()) {
    if (!variant.has_verdict()) continue;
    const std::string kind =
        absl::AsciiStrToLower(v1::Verdict::Kind_Name(variant.verdict().kind()));
    statements.items.push_back(
        {.kind = kind, .subject = variant.name(), .text = variant.verdict().text()});
  }
  for (const std::string& warning : comparison.warnings()) {
    statements.items.push_back({.kind = "warning", .subject = "warning", .text = warning});
  }
  return statements;
}

using Column = std::pair<Table::Column, std::string (*)(const v1::VariantComparison&)>;

std::vector<Column> ColumnsFor(const v1::CompareResponse& comparison) {
  const auto number = [](std::string header) {
    return Table::Column{std::move(header), true, false};
  };
  return {{{"variant"}, [](const v1::VariantComparison& v) { return v.name(); }},
          {number("runs"),
           [](const v1::VariantComparison& v) {
             return absl::StrCat(v.n(),
                                 v.num_runs() == v.n() ? "" : absl::StrCat(" of ", v.num_runs()));
           }},
          {number(comparison.metric()), MeanText},
          {number(absl::StrCat("difference to ", comparison.reference(), " [95 %]")),
           [](const v1::VariantComparison& v) {
             return v.has_difference() ? DifferenceText(v.difference()) : "";
           }},
          {number("excess loss"),
           [](const v1::VariantComparison& v) {
             return v.has_excess_loss() ? FormatFixed(v.excess_loss(), kDigits) : "";
           }},
          {number("accuracy"),
           [](const v1::VariantComparison& v) {
             return v.has_accuracy() ? FormatFixed(v.accuracy(), kDigits) : "";
           }},
          {number("bits a weight"), [](const v1::VariantComparison& v) {
             return v.has_bits_per_value() ? FormatFixed(v.bits_per_value(), 2) : "";
           }}};
}

// Columns without any text are left out.
Table Results(const v1::CompareResponse& comparison) {
  Table table;
  table.rows.resize(static_cast<size_t>(comparison.variants_size()));
  for (const auto& [column, text] : ColumnsFor(comparison)) {
    std::vector<std::string> cells;
    bool any = false;
    for (const v1::VariantComparison& variant : comparison.variants()) {
      cells.push_back(text(variant));
      any = any || !cells.back().empty();
    }
    if (!any) continue;
    table.columns.push_back(column);
    for (size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(std::move(cells[i]));
  }
  return table;
}

using page::svg::IntervalRow;

std::vector<IntervalRow> DifferenceRows(const Data& data) {
  std::vector<IntervalRow> rows;
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    if (!variant.has_difference() || variant.difference().n() == 0) continue;
    const v1::Difference& difference = variant.difference();
    IntervalRow row{.name = variant.name(),
                    .style = StyleOf(data, variant.name()),
                    .mean = difference.mean(),
                    .low = {},
                    .high = {},
                    .text = DifferenceText(difference)};
    if (difference.has_ci95()) {
      row.low = difference.ci95().low();
      row.high = difference.ci95().high();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// How far from 0 the row reaches.
double Reach(const IntervalRow& row) {
  return std::max({std::abs(row.mean.value_or(0)), std::abs(row.low.value_or(0)),
                   std::abs(row.high.value_or(0))});
}

// The rows that a much larger one presses onto the line at 0; empty: there is no such row.
std::vector<IntervalRow> SmallRows(const std::vector<IntervalRow>& rows) {
  constexpr double kMuchLarger = 6;
  std::vector<double> reaches;
  for (const IntervalRow& row : rows) reaches.push_back(Reach(row));
  std::ranges::sort(reaches);
  for (size_t i = 1; i < reaches.size(); ++i) {
    if (reaches[i - 1] <= 0 || reaches[i] < kMuchLarger * reaches[i - 1]) continue;
    std::vector<IntervalRow> small;
    std::ranges::copy_if(rows, std::back_inserter(small),
                         [&](const IntervalRow& row) { return Reach(row) <= reaches[i - 1]; });
    return small;
  }
  return {};
}

Pictures Differences(const Data& data) {
  const v1::CompareResponse& comparison = data.comparison;
  page::svg::IntervalChart chart{
      .label = absl::StrCat("differences of ", comparison.metric(), " to ", comparison.reference(),
                            " with their 95 % intervals"),
      .x_title = absl::StrCat(comparison.metric(), " minus that of ", comparison.reference()),
      .rows = DifferenceRows(data)};
  Pictures pictures;
  std::string all = DrawIntervalChart(chart);
  if (all.empty()) return pictures;
  pictures.pictures.push_back(
      {.title = "Paired differences",
       .svg = std::move(all),
       .caption = "The mean over seeds of the difference to the reference with the same seed, and "
                  "its 95 % interval (Student's t). Where 0 lies in the interval, these seeds do "
                  "not tell the two apart."});
  chart.rows = SmallRows(chart.rows);
  if (chart.rows.empty()) return pictures;
  pictures.pictures.push_back({.title = "The small ones of them",
                               .svg = DrawIntervalChart(chart),
                               .caption = "At a scale of their own."});
  return pictures;
}

}  // namespace

Section ResultsSection(const Data& data) {
  Section section{.id = "results", .title = "Results"};
  if (data.comparison.variants_size() == 0) {
    section.blocks.push_back(Paragraph{"There is nothing to compare yet."});
    return section;
  }
  section.blocks.push_back(Verdicts(data.comparison));
  section.blocks.push_back(
      Paragraph{absl::StrReplaceAll(ComparisonPlace(data.comparison), {{"\n", "; "}})});
  section.blocks.push_back(Results(data.comparison));
  if (Pictures pictures = Differences(data); !pictures.pictures.empty()) {
    section.blocks.push_back(std::move(pictures));
  }
  return section;
}

}  // namespace fp4::client::report
