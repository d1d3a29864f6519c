#pragma once

#include <memory>
#include <vector>

#include "trainer/health/check.h"

namespace fp4::trainer {

// Runs every check, and passes each finding on once a run. Not thread-safe.
class HealthMonitor {
 public:
  // `reported`: what earlier attempts have reported. What `parts` name outlives it.
  HealthMonitor(const HealthParts& parts, ReportedFindings reported);

  // At their places in each step, as HealthCheck has them; the findings are those that are new.
  void BeforeUpdate(const UpdateFacts& update);
  std::vector<Finding> AfterUpdate();
  std::vector<Finding> AfterQuantizing();
  std::vector<Finding> AfterLook(const Look& look);

  const ReportedFindings& reported() const { return reported_; }

 private:
  void KeepNew(std::vector<Finding> found, std::vector<Finding>& news);

  ReportedFindings reported_;
  std::vector<std::unique_ptr<HealthCheck>> checks_;
};

}  // namespace fp4::trainer
