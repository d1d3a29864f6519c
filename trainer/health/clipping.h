#pragma once

#include "trainer/health/operand_check.h"

namespace fp4::trainer {

// Finds operands of which too many values lie beyond the largest magnitude that their block can
// hold, and are cut off there.
class ClippingCheck : public OperandCheck {
 public:
  explicit ClippingCheck(const HealthParts& parts);

  // The share of values above which it is told. 1: never, where the scale is a mean and cuts off by
  // design.
  static double Bound(numerics::ScaleRule rule);

 protected:
  std::optional<std::string> Judge(const OperandFacts& facts) const override;
};

}  // namespace fp4::trainer
