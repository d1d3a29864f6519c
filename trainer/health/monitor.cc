#include "trainer/health/monitor.h"

#include <utility>

#include "trainer/health/clipping.h"
#include "trainer/health/dead_units.h"
#include "trainer/health/frozen_layers.h"
#include "trainer/health/no_gradient.h"
#include "trainer/health/oscillation.h"
#include "trainer/health/scale_saturation.h"
#include "trainer/health/underflow.h"
#include "trainer/health/weight_range.h"

namespace fp4::trainer {
namespace {

template <typename Check>
std::unique_ptr<HealthCheck> Make(const HealthParts& parts) {
  return std::make_unique<Check>(parts);
}

constexpr std::unique_ptr<HealthCheck> (*kChecks[])(const HealthParts& parts) = {
    Make<FrozenLayersCheck>,    Make<NoGradientCheck>,  Make<DeadUnitsCheck>,
    Make<WeightRangeCheck>,     Make<UnderflowCheck>,   Make<ClippingCheck>,
    Make<ScaleSaturationCheck>, Make<OscillationCheck>,
};

}  // namespace

HealthMonitor::HealthMonitor(const HealthParts& parts, ReportedFindings reported)
    : reported_(std::move(reported)) {
  for (const auto& make : kChecks) checks_.push_back(make(parts));
}

void HealthMonitor::KeepNew(std::vector<Finding> found, std::vector<Finding>& news) {
  for (Finding& finding : found) {
    if (reported_[std::string(finding.code)].insert(finding.layer).second)
      news.push_back(std::move(finding));
  }
}

void HealthMonitor::BeforeUpdate(const UpdateFacts& update) {
  for (const auto& check : checks_) check->BeforeUpdate(update);
}

std::vector<Finding> HealthMonitor::AfterUpdate() {
  std::vector<Finding> news;
  for (const auto& check : checks_) KeepNew(check->AfterUpdate(), news);
  return news;
}

std::vector<Finding> HealthMonitor::AfterQuantizing() {
  std::vector<Finding> news;
  for (const auto& check : checks_) KeepNew(check->AfterQuantizing(), news);
  return news;
}

std::vector<Finding> HealthMonitor::AfterLook(const Look& look) {
  std::vector<Finding> news;
  for (const auto& check : checks_) KeepNew(check->AfterLook(look), news);
  return news;
}

}  // namespace fp4::trainer
