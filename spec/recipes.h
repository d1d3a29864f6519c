// Recipes: named bundles of quantizers for the operands of a layer's three GEMMs.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/gemm_shapes.h"
#include "spec/json.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// A built-in recipe, written as one of precision.recipes would be.
struct BuiltinRecipe {
  std::string_view name, summary, json;
};

std::span<const BuiltinRecipe> BuiltinRecipes();

// Where a document says something, for messages.
struct Origin {
  Place place = {};
  std::string path = {};  // "precision.rules[0].gradients"; empty: not in the document
};

// What a recipe or rule comes to.
struct Bundle {
  GemmPrecision gemms[kNumGemms];  // by Gemm
  Estimator estimator = Estimator::kStraightThrough;
  double dge_power = 5, dge_cap = 3;
  std::array<Origin, std::size(kOperandUses)> origins = {};  // by kOperandUses
};

// As documents write them: "straight-through". One table.
std::optional<Estimator> EstimatorOf(std::string_view name);
std::string_view EstimatorName(Estimator estimator);
std::vector<std::string> EstimatorNames();

// Changes `bundle` by one field of a recipe ("weights", "fprop", "estimator", …). An operand given
// as an object changes the named options of what is there; a different format starts afresh. The
// error, empty when fine, says what is wrong.
std::string ApplyRecipeField(std::string_view field, const Node& value, Bundle& bundle);

Bundle BuiltinBundle(const BuiltinRecipe& recipe);

// In their order.
std::vector<std::string> BuiltinRecipeNames();

// "nvfp4 16x16, stochastic"; "" for an operand that is not quantized.
std::string OperandText(const OperandPrecision& operand);

}  // namespace fp4::spec
