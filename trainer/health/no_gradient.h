#pragma once

#include <vector>

#include "trainer/health/check.h"

namespace fp4::trainer {

// Finds a run whose gradients were all exactly zero in kUpdates updates in a row with a learning
// rate above zero. An activation that has overflowed inside a norm gives zeros behind it: the loss
// stays at ln(vocabulary), nothing is non-finite, and nothing will ever change again.
class NoGradientCheck : public HealthCheck {
 public:
  static constexpr int kUpdates = 5;

  // Looks at the norm alone.
  explicit NoGradientCheck(const HealthParts& /*parts*/) {}

  void BeforeUpdate(const UpdateFacts& update) override;
  std::vector<Finding> AfterUpdate() override;

 private:
  int64_t step_ = 0;
  int num_zero_ = 0;
};

}  // namespace fp4::trainer
