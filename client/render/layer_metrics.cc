#include "client/render/layer_metrics.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/metric_names.h"
#include "client/render/layer_groups.h"
#include "client/render/numbers.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace fp4::client {
namespace {

constexpr std::string_view kPrefix = "quant/";

// "quant/blocks.0.mlp.up/weight_error" is ("blocks.0.mlp.up", "quant/<layer>/weight_error").
struct LayerMetric {
  std::string layer, name;
};

LayerMetric Split(const std::string& metric) {
  const size_t end = metric.rfind('/');
  return {metric.substr(kPrefix.size(), end - kPrefix.size()),
          absl::StrCat("quant/<layer>", metric.substr(end))};
}

void AddOnce(const std::string& text, std::vector<std::string>& list) {
  if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

// Of one kind of number, over the layers.
struct Summary {
  std::string name;  // "quant/<layer>/weight_error"
  int count = 0;
  double sum = 0, worst = 0;
  std::string worst_layer;
};

void Add(const std::string& layer, double value, Summary& summary) {
  const bool larger_is_better = metric::BetterOf(summary.name) == metric::Better::kLarger;
  const bool worse = larger_is_better ? value < summary.worst : value > summary.worst;
  if (summary.count == 0 || worse) {
    summary.worst = value;
    summary.worst_layer = layer;
  }
  summary.sum += value;
  ++summary.count;
}

std::vector<Summary> Summarize(const v1::Run& run) {
  std::vector<Summary> summaries;
  for (const v1::Value& value : run.latest()) {
    if (!IsOfLayer(value.name())) continue;
    const auto [layer, name] = Split(value.name());
    auto summary = std::ranges::find(summaries, name, &Summary::name);
    if (summary == summaries.end())
      summary = summaries.insert(
          summaries.end(), {.name = name, .count = 0, .sum = 0, .worst = 0, .worst_layer = ""});
    Add(layer, value.value(), *summary);
  }
  std::ranges::sort(summaries, {}, &Summary::name);
  return summaries;
}

}  // namespace

bool IsOfLayer(std::string_view metric) {
  return metric.starts_with(kPrefix) && metric.rfind('/') >= kPrefix.size();
}

std::string LayerOfMetric(std::string_view metric) {
  return IsOfLayer(metric) ? Split(std::string(metric)).layer : "";
}

std::string RenderMetricNames(const std::vector<std::string>& names, const Layout& layout) {
  std::vector<std::string> lines, layers;
  for (const std::string& metric : names) {
    if (!IsOfLayer(metric)) {
      lines.push_back(Printable(metric));
      continue;
    }
    const auto [layer, name] = Split(metric);
    AddOnce(Printable(layer), layers);
    AddOnce(Printable(name), lines);
  }
  std::string text;
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
  if (layers.empty()) return text;
  const std::string which =
      absl::StrCat("<layer> is one of ", absl::StrJoin(GroupLayers(layers), ", "));
  return absl::StrCat(text, Wrapped(which, layout.width, 2), "\n");
}

std::string RenderLayerMetrics(const v1::Run& run, const Layout& layout) {
  Table table({{.header = "OVER LAYERS", .min_width = 16},
               {.header = "LAYERS", .right = true, .drop_order = 1},
               {.header = "MEAN", .right = true},
               {.header = "WORST", .right = true},
               {.header = "IN", .min_width = 12, .names = true}});
  for (const Summary& summary : Summarize(run)) {
    table.AddRow({Printable(summary.name), absl::StrCat(summary.count),
                  FormatValue(summary.sum / summary.count), FormatValue(summary.worst),
                  Printable(summary.worst_layer)});
  }
  return table.empty() ? "" : "\n" + table.Render(layout);
}

}  // namespace fp4::client
