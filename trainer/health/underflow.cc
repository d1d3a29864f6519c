#include "trainer/health/underflow.h"

#include "base/health_codes.h"

namespace fp4::trainer {

using numerics::ElementType;

UnderflowCheck::UnderflowCheck(const HealthParts& /*parts*/)
    : OperandCheck(health_code::kUnderflow,
                   "smaller blocks, stochastic rounding or more bits would keep them") {}

double UnderflowCheck::Bound(ElementType element) {
  switch (element) {
    case ElementType::kTernary:
      return 0.8;  // of a Gaussian by design: 0.31
    case ElementType::kFp4:
    case ElementType::kNf4:
    case ElementType::kE2M1:
    case ElementType::kInt4:
      return 0.6;
    case ElementType::kE4M3:
    case ElementType::kE5M2:
    case ElementType::kInt8:
    case ElementType::kBinary:
    case ElementType::kFp16:
    case ElementType::kBf16:
    case ElementType::kFp32:
    case ElementType::kOther:
      return 0.25;
  }
  return 1.0;
}

std::optional<std::string> UnderflowCheck::Judge(const OperandFacts& facts) const {
  if (facts.format == nullptr) return std::nullopt;
  return JudgeShare(facts.zeros, Bound(facts.format->element),
                    "the values that are not 0 become 0");
}

}  // namespace fp4::trainer
