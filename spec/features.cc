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
  const auto gemm = [&bundle](Gemm which) -> const GemmPrecision& {
    return bundle.gemms[static_cast<size_t>(which)];
  };
  for (const GemmPrecision& each : bundle.gemms) {
    for (const OperandPrecision* operand : {&each.a, &each.b}) {
      add(operand->quantized() && numerics::FindFormat(operand->format) == nullptr,
          absl::StrCat("the format '", operand->format, "'"));
    }
  }
  add(gemm(Gemm::kFprop).a.quantized() || gemm(Gemm::kWgrad).b.quantized(),
      "quantized activations");
  add(gemm(Gemm::kDgrad).a.quantized() || gemm(Gemm::kWgrad).a.quantized(), "quantized gradients");
  const OperandPrecision& weight = gemm(Gemm::kFprop).b;
  add(weight != gemm(Gemm::kDgrad).b, "weights that differ between fprop and dgrad");
  add(weight.options.rounding == numerics::Rounding::kStochastic, "stochastic rounding");
  add(weight.options.hadamard != 0, "Hadamard rotations");
  add(weight.options.prescale != 1.0f, "a prescale");
  add(weight.options.ms_eden, "MS-EDEN");
  return missing;
}

}  // namespace fp4::spec
