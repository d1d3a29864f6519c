#include "telemetry/metric_registry.h"

#include "prometheus/text_serializer.h"
#include "telemetry/process_metrics.h"

namespace fp4::telemetry {

MetricRegistry::MetricRegistry() = default;
MetricRegistry::~MetricRegistry() = default;

prometheus::Counter& MetricRegistry::Counter(const std::string& name, const std::string& help,
                                             const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& MetricRegistry::Gauge(const std::string& name, const std::string& help,
                                         const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Histogram& MetricRegistry::Histogram(const std::string& name, const std::string& help,
                                                 const std::vector<double>& bounds,
                                                 const Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, bounds);
}

void MetricRegistry::OnCollect(std::function<void()> refresh) {
  MutexLock lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

std::string MetricRegistry::Text() const {
  std::vector<std::function<void()>> refreshers;
  {
    MutexLock lock(mutex_);
    refreshers = refreshers_;
  }
  for (const auto& refresh : refreshers) refresh();
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  for (prometheus::MetricFamily& family : CollectProcessMetrics()) {
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::vector<double> LatencyBounds() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

}  // namespace fp4::telemetry
