#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// While it lives, the model computes as an evaluation does (rounding to nearest, nothing dropped),
// and its gradients are the exact derivatives of what fprop computes: no operand of dgrad and wgrad
// is quantized otherwise. Then all is as it was, to the bit, if context.micro_batch is.
class ExactBackward {
 public:
  explicit ExactBackward(Model& model);
  ~ExactBackward();
  ExactBackward(const ExactBackward&) = delete;
  ExactBackward& operator=(const ExactBackward&) = delete;

 private:
  Model& model_;
  const std::vector<spec::LayerPrecision> table_;  // of before
};

}  // namespace fp4::trainer
