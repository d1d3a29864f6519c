#include "trainer/health/weight_range.h"

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"

namespace fp4::trainer {

WeightRangeCheck::WeightRangeCheck(const HealthParts& /*parts*/)
    : OperandCheck(health_code::kWeightRange,
                   "give the format a scale (block), or decay the weights more") {}

std::optional<std::string> WeightRangeCheck::Judge(const OperandFacts& facts) const {
  if (facts.operand != Operand::kWeights || !facts.largest_held) return std::nullopt;
  if (!(facts.largest > *facts.largest_held)) return std::nullopt;
  return absl::StrCat("the largest weight is ", facts.largest, ", and the format reaches ",
                      *facts.largest_held);
}

}  // namespace fp4::trainer
