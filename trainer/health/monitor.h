#pragma once

#include <memory>
#include <vector>

#include "trainer/health/check.h"
#include "trainer/model/parameters.h"

namespace fp4::trainer {

// Runs every check, and passes each finding on once a run. Not thread-safe.
class HealthMonitor {
 public:
  // `reported`: what earlier attempts have reported. `parameters` outlives it.
  HealthMonitor(const ParameterSet& parameters, ReportedFindings reported);

  // Between backward and the update, and after the update, of each step.
  void BeforeUpdate(const UpdateFacts& update);
  std::vector<Finding> AfterUpdate();

  const ReportedFindings& reported() const { return reported_; }

 private:
  ReportedFindings reported_;
  std::vector<std::unique_ptr<HealthCheck>> checks_;
};

}  // namespace fp4::trainer
