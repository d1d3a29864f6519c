#pragma once

#include "trainer/health/operand_check.h"

namespace fp4::trainer {

// Finds operands whose block scales have run out of codes: too many stand at the smallest or the
// largest that their type has. Scales of four bytes do not run out.
class ScaleSaturationCheck : public OperandCheck {
 public:
  static constexpr double kBound = 0.1;  // of the blocks that are not all 0

  explicit ScaleSaturationCheck(const HealthParts& parts);

 protected:
  std::optional<std::string> Judge(const OperandFacts& facts) const override;
};

}  // namespace fp4::trainer
