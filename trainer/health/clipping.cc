#include "trainer/health/clipping.h"

#include "base/health_codes.h"

namespace fp4::trainer {

using numerics::ScaleRule;

ClippingCheck::ClippingCheck(const HealthParts& /*parts*/)
    : OperandCheck(
          health_code::kClipping,
          "a scale mode that rounds up, a scale of its own, or a format with a wider range "
          "would hold them") {}

double ClippingCheck::Bound(ScaleRule rule) {
  switch (rule) {
    case ScaleRule::kMean:
      return 1.0;
    case ScaleRule::kNone:
      return 0.01;
    case ScaleRule::kReciprocal:
    case ScaleRule::kDivided:
    case ScaleRule::kPowerOfTwo:
    case ScaleRule::kTwoLevel:
      return 0.1;
  }
  return 1.0;
}

std::optional<std::string> ClippingCheck::Judge(const OperandFacts& facts) const {
  if (!facts.scales) return std::nullopt;
  return JudgeShare(facts.scales->clipped, Bound(facts.format->scale_rule),
                    "the values are cut off at the largest that their block holds");
}

}  // namespace fp4::trainer
