#pragma once

#include <vector>

#include "trainer/health/check.h"

namespace fp4::trainer {

// Finds the layers with a tensor whose gradient was absent or exactly zero in all of the first
// kUpdates updates with a learning rate above zero, and whose bits are what they were.
class FrozenLayersCheck : public HealthCheck {
 public:
  static constexpr int kUpdates = 5;

  // What `parts` name outlives it.
  explicit FrozenLayersCheck(const HealthParts& parts);

  void BeforeUpdate(const UpdateFacts& update) override;
  std::vector<Finding> AfterUpdate() override;

 private:
  const ParameterSet& parameters_;
  int updates_ = 0;
  bool counts_ = false;             // the update under way
  std::vector<bool> learns_;        // by parameter: has had a gradient
  std::vector<at::Tensor> before_;  // by parameter: its first values, of those that have had none
};

}  // namespace fp4::trainer
