#include "spec/features.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fp4::spec {

std::vector<std::string> UnbuiltFeatures(const Bundle& bundle) {
  std::vector<std::string> missing;
  const auto add = [&missing](bool needed, std::string feature) {
    if (needed && std::ranges::find(missing, feature) == missing.end())
      missing.push_back(std::move(feature));
  };
  for (const GemmPrecision& each : bundle.gemms) {
    for (const OperandPrecision* operand : {&each.a, &each.b}) {
      add(operand->quantized() && numerics::FindFormat(operand->format) == nullptr,
          absl::StrCat("the format '", operand->format, "'"));
    }
  }
  return missing;
}

}  // namespace fp4::spec
