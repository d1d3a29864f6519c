#include "spec/recipes.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "numerics/quantizer_options.h"
#include "spec/field.h"

namespace fp4::spec {
namespace {

using numerics::QuantizerOption;

struct EstimatorRow {
  std::string_view name;
  Estimator estimator;
};

constexpr EstimatorRow kEstimators[] = {
    {"straight-through", Estimator::kStraightThrough},
    {"none", Estimator::kNone},
    {"dge", Estimator::kDge},
    {"quest", Estimator::kQuest},
    {"lsq", Estimator::kLsq},
    {"noise", Estimator::kNoise},
};

OperandPrecision& At(Bundle& bundle, OperandUse use) {
  GemmPrecision& gemm = bundle.gemms[static_cast<size_t>(use.gemm)];
  return use.second ? gemm.b : gemm.a;
}

numerics::OptionValue ValueOf(const QuantizerOption& option, const Node& node) {
  switch (option.kind) {
    case numerics::OptionKind::kSwitch:
      return node.boolean;
    case numerics::OptionKind::kInteger:
    case numerics::OptionKind::kNumber:
      return AsNumber(node);
    case numerics::OptionKind::kBlock:
    case numerics::OptionKind::kChoice:
      break;
  }
  return node.text;
}

void SetFormat(std::string_view format, OperandPrecision& operand) {
  if (operand.format == format) return;
  operand = {};
  if (format != "none") operand.format = format;
}

// What is said of an operand besides how its format quantizes. False: `name` is none of it.
bool ApplyOrigin(std::string_view name, const Node& value, OperandPrecision& operand) {
  if (name == "source") {
    operand.from_forward = value.text == "forward";
  } else if (name == "outlier_quantile") {
    operand.outlier_quantile = AsNumber(value);
  } else if (name == "outlier_residual") {
    operand.outlier_residual = value.boolean;
  } else {
    return false;
  }
  return true;
}

std::string ApplyOperand(const Node& value, OperandPrecision& operand) {
  if (value.kind == Node::Kind::kString) {
    operand = {};
    SetFormat(value.text, operand);
    return "";
  }
  const Node* format = value.Find("format");
  if (format != nullptr) SetFormat(format->text, operand);
  if (format == nullptr && !operand.quantized()) {
    return "has no \"format\", and the operand is not quantized otherwise; give one";
  }
  for (const Member& option : value.members) {
    if (option.key == "format") continue;
    if (!operand.quantized())
      return absl::StrCat("gives '", ShownKey(option.key), "' to the format 'none'; leave it out");
    if (ApplyOrigin(option.key, option.value, operand)) continue;
    const QuantizerOption* row = numerics::FindQuantizerOption(option.key);
    if (row == nullptr) return absl::StrCat("has no option '", ShownKey(option.key), "'");
    row->set(ValueOf(*row, option.value), operand.options);
  }
  if (value.Find("outlier_residual") != nullptr && operand.outlier_quantile == 0)
    return "gives outlier_residual without an outlier_quantile: nothing is clamped";
  return "";
}

// What a field of a recipe says about one use of an operand; null: nothing. `by_gemm`: it names the
// GEMM, not the operand alone.
const Node* SaidAbout(OperandUse use, std::string_view field, const Node& value, bool& by_gemm) {
  const std::string_view operand = OperandName(TensorOf(use));
  by_gemm = field == GemmName(use.gemm);
  if (!by_gemm) return field == operand ? &value : nullptr;
  return value.kind == Node::Kind::kString ? &value : value.Find(operand);
}

}  // namespace

std::optional<Estimator> EstimatorOf(std::string_view name) {
  const auto row = std::ranges::find(kEstimators, name, &EstimatorRow::name);
  return row == std::end(kEstimators) ? std::nullopt : std::optional(row->estimator);
}

std::string_view EstimatorName(Estimator estimator) {
  return std::ranges::find(kEstimators, estimator, &EstimatorRow::estimator)->name;
}

std::vector<std::string> EstimatorNames() {
  std::vector<std::string> names;
  for (const EstimatorRow& row : kEstimators) names.emplace_back(row.name);
  return names;
}

std::span<const BuiltinRecipe> BuiltinRecipes() {
  static constexpr std::array recipes = {
      BuiltinRecipe{"baseline", "Nothing is quantized.", "{}"},
      BuiltinRecipe{"fp4", "FP4 weights (bitsandbytes' format) that train straight-through.",
                    R"({"weights": "fp4", "estimator": "straight-through"})"},
      BuiltinRecipe{"fp4-frozen",
                    "FP4 weights that no gradient reaches: they stay at their initial values. "
                    "Repeats a published fault.",
                    R"({"weights": "fp4", "estimator": "none"})"},
      BuiltinRecipe{"frozen",
                    "Unquantized weights that no gradient reaches: the control for fp4-frozen.",
                    R"({"estimator": "none"})"},
      BuiltinRecipe{"nf4", "NF4 weights.", R"({"weights": "nf4"})"},
      BuiltinRecipe{"mxfp4-weights", "MXFP4 weights.", R"({"weights": "mxfp4"})"},
      BuiltinRecipe{"nvfp4-weights", "NVFP4 weights.", R"({"weights": "nvfp4"})"},
      BuiltinRecipe{"int4", "4-bit integer weights.", R"({"weights": "int4"})"},
      BuiltinRecipe{"int8", "8-bit integer weights.", R"({"weights": "int8"})"},
      BuiltinRecipe{"fp8", "FP8 (E4M3) weights.", R"({"weights": "fp8_e4m3"})"},
      BuiltinRecipe{"ternary", "BitNet b1.58: ternary weights, 8-bit activations.",
                    R"({"weights": "ternary", "activations": {"format": "int8", "block": "row"}})"},
      BuiltinRecipe{"binary", "Binary weights, one scale a row.", R"({"weights": "binary"})"},
      BuiltinRecipe{"nvfp4",
                    "NVFP4 throughout (arXiv 2509.25149): 16x16 weights, stochastic gradients, "
                    "wgrad rotated.",
                    R"({"weights": {"format": "nvfp4", "block": "16x16"},
                        "activations": {"format": "nvfp4", "block": "1x16"},
                        "gradients": {"format": "nvfp4", "block": "1x16", "rounding": "stochastic"},
                        "wgrad": {"gradients": {"hadamard": 16, "hadamard_signs": "fixed"},
                                  "activations": {"hadamard": 16, "hadamard_signs": "fixed"}}})"},
      BuiltinRecipe{"quartet2",
                    "NVFP4 with four-over-six forward and MS-EDEN backward (arXiv 2601.22813).",
                    R"({"weights": {"format": "nvfp4", "block": "1x16", "four_over_six": "mse"},
                        "activations": {"format": "nvfp4", "block": "1x16", "four_over_six": "mse"},
                        "dgrad": {"gradients": {"format": "nvfp4", "hadamard": 128, "ms_eden": true},
                                  "weights": {"format": "nvfp4", "source": "forward", "four_over_six": "off", "hadamard": 128, "ms_eden": true}},
                        "wgrad": {"gradients": {"format": "nvfp4", "hadamard": 128, "ms_eden": true},
                                  "activations": {"format": "nvfp4", "source": "forward", "four_over_six": "off", "hadamard": 128, "ms_eden": true}}})"},
      BuiltinRecipe{"mxfp4",
                    "MXFP4 throughout, backward stochastic and rotated (arXiv 2502.20586).",
                    R"({"weights": "mxfp4", "activations": "mxfp4",
                        "dgrad": {"gradients": {"format": "mxfp4", "rounding": "stochastic", "hadamard": 64, "prescale": 0.75},
                                  "weights": {"rounding": "stochastic", "hadamard": 64, "prescale": 0.75}},
                        "wgrad": {"gradients": {"format": "mxfp4", "rounding": "stochastic", "hadamard": 64, "prescale": 0.75},
                                  "activations": {"rounding": "stochastic", "hadamard": 64, "prescale": 0.75}}})"},
      BuiltinRecipe{"fp4-dge",
                    "E2M1 with a differentiable estimator and clamped outliers (arXiv 2501.17116).",
                    R"({"weights": {"format": "e2m1", "block": "row"},
                        "activations": {"format": "e2m1", "block": "row", "outlier_quantile": 0.99},
                        "estimator": "dge"})"},
      BuiltinRecipe{"qat-noise", "Learned-scale noise while training, hard rounding in evaluation.",
                    R"({"weights": {"format": "e2m1", "block": "tensor"}, "estimator": "noise"})"},
  };
  return recipes;
}

std::string ApplyRecipeField(std::string_view field, const Node& value, Bundle& bundle) {
  if (field == "estimator") {
    bundle.estimator = *EstimatorOf(value.text);
    return "";
  }
  if (field == "dge_power" || field == "dge_cap") {
    (field == "dge_power" ? bundle.dge_power : bundle.dge_cap) = AsNumber(value);
    return "";
  }
  for (const OperandUse use : kOperandUses) {
    bool by_gemm = false;
    const Node* said = SaidAbout(use, field, value, by_gemm);
    if (said == nullptr) continue;
    OperandPrecision& operand = At(bundle, use);
    if (std::string error = ApplyOperand(*said, operand); !error.empty()) return error;
    if (use.second && use.gemm != Gemm::kFprop) {
      bundle.gemms[static_cast<size_t>(use.gemm)].b_as_in_fprop = !by_gemm && operand.quantized();
    }
  }
  return "";
}

Bundle BuiltinBundle(const BuiltinRecipe& recipe) {
  const ParsedJson parsed = ParseJson(recipe.json);
  assert(parsed.complete);
  Bundle bundle;
  for (const Member& member : parsed.root.members) {
    [[maybe_unused]] const std::string error = ApplyRecipeField(member.key, member.value, bundle);
    assert(error.empty());
  }
  return bundle;
}

std::vector<std::string> BuiltinRecipeNames() {
  std::vector<std::string> names;
  for (const BuiltinRecipe& recipe : BuiltinRecipes()) names.emplace_back(recipe.name);
  return names;
}

std::string OperandText(const OperandPrecision& operand) {
  std::string text = operand.format;
  for (const QuantizerOption& option : numerics::QuantizerOptions()) {
    const std::string value = option.value(operand.options);
    if (value.empty()) continue;
    const bool block = option.kind == numerics::OptionKind::kBlock;
    const bool shown = option.kind != numerics::OptionKind::kSwitch;
    absl::StrAppend(&text, block ? " " : ", ", std::string(option.mark), shown ? value : "");
  }
  return text;
}

}  // namespace fp4::spec
