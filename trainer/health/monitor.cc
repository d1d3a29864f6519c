#include "trainer/health/monitor.h"

#include <utility>

#include "trainer/health/frozen_layers.h"
#include "trainer/health/no_gradient.h"

namespace fp4::trainer {
namespace {

template <typename Check>
std::unique_ptr<HealthCheck> Make(const ParameterSet& parameters) {
  return std::make_unique<Check>(parameters);
}

constexpr std::unique_ptr<HealthCheck> (*kChecks[])(const ParameterSet& parameters) = {
    Make<FrozenLayersCheck>,
    Make<NoGradientCheck>,
};

}  // namespace

HealthMonitor::HealthMonitor(const ParameterSet& parameters, ReportedFindings reported)
    : reported_(std::move(reported)) {
  for (const auto& make : kChecks) checks_.push_back(make(parameters));
}

void HealthMonitor::BeforeUpdate(const UpdateFacts& update) {
  for (const auto& check : checks_) check->BeforeUpdate(update);
}

std::vector<Finding> HealthMonitor::AfterUpdate() {
  std::vector<Finding> news;
  for (const auto& check : checks_) {
    for (Finding& finding : check->AfterUpdate()) {
      if (reported_[std::string(finding.code)].insert(finding.layer).second)
        news.push_back(std::move(finding));
    }
  }
  return news;
}

}  // namespace fp4::trainer
