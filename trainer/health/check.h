// A check looks at a run while it trains and tells what is wrong: never by what the recipe says,
// only by what it measures. A check is a file of this folder and a row of the table in monitor.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/health/finding.h"
#include "trainer/health/look.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// One update, with its gradients clipped and not yet applied.
struct UpdateFacts {
  int64_t step = 0;          // from 1
  double loss = 0;           // mean over the step's targets
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;  // of the first optimizer
};

// What checks are made from; it outlives them.
struct HealthParts {
  const ParameterSet& parameters;
  const Model& model;
};

// Not thread-safe. A check overrides what it needs, and may give the same finding again: the
// monitor reports it once.
class HealthCheck {
 public:
  virtual ~HealthCheck() = default;

  virtual void BeforeUpdate(const UpdateFacts& /*update*/) {}
  // When the optimizers have stepped; the quantized weights are those before the update.
  virtual std::vector<Finding> AfterUpdate() { return {}; }
  // When the weights are quantized anew.
  virtual std::vector<Finding> AfterQuantizing() { return {}; }
  // After an update that the run has looked closely at.
  virtual std::vector<Finding> AfterLook(const Look& /*look*/) { return {}; }
};

}  // namespace fp4::trainer
