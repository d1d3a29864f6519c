#pragma once

#include <map>
#include <string>

#include "trainer/health/check.h"

namespace fp4::trainer {

// Finds layers of whose inputs too many never change: the units that feed them give the same number
// for every token, patch or record, as a ReLU does that has died. A unit counts when it was so in
// kLooks looks in a row. The model's first layer is left out: its inputs are data.
class DeadUnitsCheck : public HealthCheck {
 public:
  static constexpr int kLooks = 3;
  static constexpr double kBound = 0.1;  // of a layer's inputs

  explicit DeadUnitsCheck(const HealthParts& parts);

  std::vector<Finding> AfterLook(const Look& look) override;

 private:
  const std::string data_layer_;
  std::map<std::string, at::Tensor> in_a_row_;  // by layer: (in), int, looks for each input
};

}  // namespace fp4::trainer
