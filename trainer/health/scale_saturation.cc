#include "trainer/health/scale_saturation.h"

#include "base/health_codes.h"

namespace fp4::trainer {

ScaleSaturationCheck::ScaleSaturationCheck(const HealthParts& /*parts*/)
    : OperandCheck(health_code::kScaleSaturation,
                   "a few large values set the scale of all: look for outliers, or take a format "
                   "whose scales reach further") {}

std::optional<std::string> ScaleSaturationCheck::Judge(const OperandFacts& facts) const {
  if (!facts.scales) return std::nullopt;
  if (auto low = JudgeShare(facts.scales->at_smallest, kBound,
                            "the block scales stand at the smallest that there is"))
    return low;
  return JudgeShare(facts.scales->at_largest, kBound,
                    "the block scales stand at the largest that there is");
}

}  // namespace fp4::trainer
