#pragma once

#include "trainer/health/operand_check.h"

namespace fp4::trainer {

// Finds operands of which quantizing turns too many values into 0.
class UnderflowCheck : public OperandCheck {
 public:
  explicit UnderflowCheck(const HealthParts& parts);

  // The share of the values that are not 0 above which it is told, by the element's type: what a
  // format with few numbers does by design is not a fault of the run.
  static double Bound(numerics::ElementType element);

 protected:
  std::optional<std::string> Judge(const OperandFacts& facts) const override;
};

}  // namespace fp4::trainer
