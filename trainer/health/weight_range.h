#pragma once

#include "trainer/health/operand_check.h"

namespace fp4::trainer {

// Finds weights beyond the largest number of a format whose elements have no scale. (Those below
// its smallest become 0, which UnderflowCheck sees; scales of blocks reach as far as weights do.)
class WeightRangeCheck : public OperandCheck {
 public:
  explicit WeightRangeCheck(const HealthParts& parts);

 protected:
  std::optional<std::string> Judge(const OperandFacts& facts) const override;
};

}  // namespace fp4::trainer
