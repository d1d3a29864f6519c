// The metrics of a daemon: what `/metrics` shows. Conventions (checked by `promtool check metrics`
// in the tests): prefix fp4_controller_ or fp4_worker_, base units (seconds, bytes, joules) in the
// name, counters end in _total, and never an id of a run or a user as a label: a label's values
// must be few and known.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace fp4::telemetry {

using Labels = std::map<std::string, std::string>;

// Thread-safe. The instruments live as long as the registry; asking for the same name and labels
// again gives the same one. Updating an instrument takes no lock of the registry.
class MetricRegistry {
 public:
  MetricRegistry();
  ~MetricRegistry();

  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  // `bounds`: upper bounds of the buckets, rising; the last one, infinity, is added.
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& bounds, const Labels& labels = {});

  // Called before each collection, on the scraping thread: for gauges that mirror a state kept
  // elsewhere. Register all before the first scrape; what they use must outlive the endpoint that
  // serves this registry.
  void OnCollect(std::function<void()> refresh);

  // The text format of Prometheus: everything registered here, and the process's own metrics
  // (process_…).
  std::string Text() const;

 private:
  prometheus::Registry registry_;
  mutable Mutex mutex_;
  std::vector<std::function<void()>> refreshers_ ABSL_GUARDED_BY(mutex_);
};

// Bounds for latencies: 0.5 ms to 30 s.
std::vector<double> LatencyBounds();

}  // namespace fp4::telemetry
