// Losses over steps.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "client/plot/bands.h"
#include "client/render/runs.h"
#include "client/report/sections.h"
#include "page/svg/line_chart.h"

namespace fp4::client::report {
namespace {

// About as many as a screen shows apart.
constexpr size_t kMostSteps = 300;

struct VariantCurves {
  std::string name;
  std::vector<MeanPoint> means;
};

struct Counts {
  int64_t drawn = 0, stored = 0, not_finite = 0;
};

std::vector<VariantCurves> CurvesOf(const Data& data, const std::string& metric, Counts& counts) {
  std::vector<VariantCurves> curves;
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    std::vector<std::vector<v1::Point>> seeds;
    for (const RunData& run : data.runs) {
      const v1::Series* series = FindCurve(run, metric);
      if (run.run.variant() != variant.name() || series == nullptr) continue;
      seeds.emplace_back(series->points().begin(), series->points().end());
      counts.drawn += series->points_size();
      counts.stored += series->num_points();
      counts.not_finite += std::ranges::count_if(
          seeds.back(), [](const v1::Point& point) { return !std::isfinite(point.value()); });
    }
    if (seeds.empty()) continue;
    curves.push_back({variant.name(), MeanOverSeeds(seeds, kMostSteps)});
  }
  return curves;
}

page::svg::Line LineOf(const Data& data, const VariantCurves& curves, int64_t from_step) {
  const int style = StyleOf(data, curves.name);
  page::svg::Line line{
      .name = curves.name, .style = style, .faint = style < 0, .points = {}, .band = {}};
  for (const MeanPoint& point : curves.means) {
    if (point.step < from_step) continue;
    const auto x = static_cast<double>(point.step);
    line.points.push_back({x, point.mean});
    if (style >= 0 && point.n >= 2) line.band.push_back({x, point.low, point.high});
  }
  return line;
}

std::string Draw(const Data& data, const std::string& metric,
                 const std::vector<VariantCurves>& curves, int64_t from_step) {
  page::svg::LineChart chart{.label = absl::StrCat(metric, " over steps, a curve for each variant"),
                             .x_title = "step",
                             .y_title = metric,
                             .lines = {}};
  for (const VariantCurves& one : curves) chart.lines.push_back(LineOf(data, one, from_step));
  // What is in colour lies above what is grey.
  std::ranges::stable_sort(chart.lines, std::ranges::greater(), &page::svg::Line::faint);
  return DrawLineChart(chart);
}

std::vector<Picture::LegendItem> LegendOf(const Data& data,
                                          const std::vector<VariantCurves>& curves) {
  std::vector<Picture::LegendItem> legend;
  for (const VariantCurves& one : curves) {
    if (const int style = StyleOf(data, one.name); style >= 0) legend.push_back({one.name, style});
  }
  return legend;
}

std::string Caption(const Data& data, const std::vector<VariantCurves>& curves,
                    const Counts& counts) {
  std::string text = "Mean over seeds, with its 95 % interval where there are two or more.";
  if (counts.drawn < counts.stored) {
    absl::StrAppend(&text, " Drawn from ", counts.drawn, " of ", counts.stored,
                    " values: of very long runs the largest and smallest are kept and others left "
                    "out, and the intervals are wider than they should be.");
  }
  if (counts.not_finite > 0) {
    absl::StrAppend(&text, " ", counts.not_finite,
                    counts.not_finite == 1 ? " value is" : " values are",
                    " not finite: there the curve is interrupted.");
  }
  const auto grey = std::ranges::count_if(
      curves, [&](const VariantCurves& one) { return StyleOf(data, one.name) < 0; });
  if (grey > 0) absl::StrAppend(&text, " ", grey, " more variants are drawn in grey.");
  return text;
}

int64_t HalfOf(const std::vector<VariantCurves>& curves) {
  int64_t last = 0;
  for (const VariantCurves& one : curves) last = std::max(last, one.means.back().step);
  return last / 2;
}

void AddMetric(const Data& data, const std::string& metric, std::vector<Block>& blocks) {
  Counts counts;
  std::vector<VariantCurves> curves = CurvesOf(data, metric, counts);
  std::erase_if(curves, [](const VariantCurves& one) { return one.means.empty(); });
  if (curves.empty()) return;
  const std::string caption = Caption(data, curves, counts);
  Pictures pictures;
  std::string whole = Draw(data, metric, curves, 0);
  if (whole.empty()) {
    blocks.push_back(Paragraph{absl::StrCat("No value of ", metric, " is finite.")});
    return;
  }
  pictures.pictures.push_back({.title = metric,
                               .svg = std::move(whole),
                               .caption = caption,
                               .legend = LegendOf(data, curves)});
  const int64_t half = HalfOf(curves);
  if (std::string late = Draw(data, metric, curves, half); half > 0 && !late.empty()) {
    pictures.pictures.push_back({.title = absl::StrCat(metric, " from step ", half, " on"),
                                 .svg = std::move(late),
                                 .caption = "The second half, at a scale of its own.",
                                 .legend = LegendOf(data, curves)});
  }
  blocks.push_back(std::move(pictures));
}

}  // namespace

Section CurvesSection(const Data& data) {
  Section section{.id = "curves", .title = "Curves", .blocks = {}, .in_markdown = false};
  const std::string train(metric::kTrainLoss);
  AddMetric(data, data.comparison.metric(), section.blocks);
  if (data.comparison.metric() != train) AddMetric(data, train, section.blocks);
  if (section.blocks.empty()) {
    section.blocks.push_back(Paragraph{"No run has reported a value yet."});
  }
  return section;
}

}  // namespace fp4::client::report
