// A check looks at a run while it trains and tells what is wrong: never by what the recipe says,
// only by what it measures. A check is a file of this folder and a row of the table in monitor.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/health/finding.h"

namespace fp4::trainer {

// One update, with its gradients clipped and not yet applied.
struct UpdateFacts {
  int64_t step = 0;          // from 1
  double loss = 0;           // mean over the step's targets
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;  // of the first optimizer
};

// Not thread-safe. A check may give the same finding again: the monitor reports it once.
class HealthCheck {
 public:
  virtual ~HealthCheck() = default;
  virtual void BeforeUpdate(const UpdateFacts& update) = 0;
  virtual std::vector<Finding> AfterUpdate() = 0;
};

}  // namespace fp4::trainer
