#include "base/metric_names.h"

namespace fp4::metric {
namespace {

constexpr std::string_view kLayer = "<layer>";

}  // namespace

std::string OfLayer(std::string_view name, std::string_view layer) {
  std::string text(name);
  return text.replace(text.find(kLayer), kLayer.size(), layer);
}

Better BetterOf(std::string_view name) {
  for (const Metric& metric : kTable) {
    if (metric.name == name) return metric.better;
  }
  return Better::kNeither;
}

}  // namespace fp4::metric
