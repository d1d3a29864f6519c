// Heat maps: a statistic of each layer over steps.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "client/render/layer_metrics.h"
#include "client/render/runs.h"
#include "client/report/sections.h"

namespace fp4::client::report {
namespace {

constexpr size_t kMostColumns = 40;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Statistic {
  std::string_view metric;  // of base/metric_names.h
  std::string_view words;
};
constexpr Statistic kStatistics[] = {
    {metric::kWeightRelativeError, "error of weights, relative"},
    {metric::kActivationRelativeError, "error of activations, relative"},
    {metric::kGradientRelativeError, "error of gradients, relative"}};

// A variant's series of one statistic, by layer in the order of the model.
struct Layers {
  std::string variant;
  int64_t seed = 0;
  std::vector<std::pair<std::string, const v1::Series*>> series;
};

std::vector<Layers> LayersOf(const Data& data, const Statistic& statistic) {
  std::vector<Layers> all;
  for (const LayerData& run : data.layers) {
    Layers layers{run.variant, run.seed, {}};
    for (const v1::Series& series : run.series) {
      const std::string layer = LayerOfMetric(series.name());
      if (series.name() != metric::OfLayer(statistic.metric, layer)) continue;
      const bool differs = std::ranges::any_of(
          series.points(), [](const v1::Point& point) { return point.value() != 0; });
      // A layer that is not quantized has no error, which needs no row.
      if (differs) layers.series.emplace_back(layer, &series);
    }
    std::ranges::stable_sort(layers.series, {}, [&](const auto& one) {
      return std::ranges::find(run.order, one.first) - run.order.begin();
    });
    if (!layers.series.empty()) all.push_back(std::move(layers));
  }
  return all;
}

// The steps of a column, both ends belong to it.
struct Column {
  int64_t first = 0, last = 0;
};

std::vector<Column> ColumnsOf(const Layers& layers) {
  std::set<int64_t> steps;
  for (const auto& [layer, series] : layers.series) {
    for (const v1::Point& point : series->points()) steps.insert(point.step());
  }
  const std::vector<int64_t> sorted(steps.begin(), steps.end());
  const size_t count = std::min(kMostColumns, sorted.size());
  std::vector<Column> columns;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * sorted.size() / count, end = (i + 1) * sorted.size() / count;
    columns.push_back({sorted[begin], sorted[end - 1]});
  }
  return columns;
}

// The mean of the values in each column; where a thinned series has none, the one before it.
std::vector<double> RowOf(const v1::Series& series, const std::vector<Column>& columns) {
  std::vector<double> row;
  int next = 0;
  double before = kNone;
  for (const Column& column : columns) {
    double sum = 0;
    int count = 0;
    for (; next < series.points_size() && series.points(next).step() <= column.last; ++next) {
      if (series.points(next).step() < column.first) continue;
      sum += series.points(next).value();
      ++count;
    }
    if (count > 0) before = sum / count;
    row.push_back(before);
  }
  return row;
}

page::svg::HeatMap MapOf(const Layers& layers, const Statistic& statistic) {
  const std::vector<Column> columns = ColumnsOf(layers);
  page::svg::HeatMap map{
      .label = absl::StrCat(std::string(statistic.words), " of each layer over steps, ",
                            RunLabel(layers.variant, layers.seed)),
      .x_title = "step",
      .rows = {},
      .columns = {},
      .values = {}};
  for (const Column& column : columns) map.columns.push_back(absl::StrCat(column.first));
  for (const auto& [layer, series] : layers.series) {
    map.rows.push_back(layer);
    map.values.push_back(RowOf(*series, columns));
  }
  return map;
}

void AddStatistic(const Data& data, const Statistic& statistic, std::vector<Block>& blocks) {
  std::vector<page::svg::HeatMap> maps;
  std::vector<std::string> titles;
  for (const Layers& layers : LayersOf(data, statistic)) {
    maps.push_back(MapOf(layers, statistic));
    titles.push_back(RunLabel(layers.variant, layers.seed));
  }
  if (maps.empty()) return;
  blocks.push_back(Heading{std::string(statistic.words)});
  blocks.push_back(HeatMapsOfOneScale(std::move(maps), titles));
}

}  // namespace

Section LayersSection(const Data& data) {
  Section section{.id = "layers", .title = "Layers", .blocks = {}, .in_markdown = false};
  for (const Statistic& statistic : kStatistics) AddStatistic(data, statistic, section.blocks);
  if (!section.blocks.empty()) {
    section.blocks.insert(
        section.blocks.begin(),
        Paragraph{"The norm of what quantizing changes by the norm of what is quantized, layer by "
                  "layer, in one run of each variant that quantizes: where in the network 4 bits "
                  "hurt, and when."});
  }
  return section;
}

}  // namespace fp4::client::report
