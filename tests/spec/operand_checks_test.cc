#include "spec/operand_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr OperandUse kFpropX{Gemm::kFprop, false}, kFpropW{Gemm::kFprop, true};
constexpr OperandUse kDgradDy{Gemm::kDgrad, false}, kDgradW{Gemm::kDgrad, true};
constexpr OperandUse kWgradDy{Gemm::kWgrad, false}, kWgradX{Gemm::kWgrad, true};

TEST(OperandShape, HasTheContractionInItsColumns) {
  const GemmSizes sizes{.rows = 7, .out = 5, .in = 3};
  struct Case {
    OperandUse use;
    numerics::MatrixShape alone, as_in_fprop;
  };
  for (const auto& [use, alone, as_in_fprop] :
       {Case{kFpropX, {7, 3}, {7, 3}}, Case{kFpropW, {5, 3}, {5, 3}},
        Case{kDgradDy, {7, 5}, {7, 5}}, Case{kDgradW, {3, 5}, {5, 3}},
        Case{kWgradDy, {5, 7}, {5, 7}}, Case{kWgradX, {3, 7}, {7, 3}}}) {
    const int64_t k = Contraction(use.gemm) == GemmDimension::kIn    ? sizes.in
                      : Contraction(use.gemm) == GemmDimension::kOut ? sizes.out
                                                                     : sizes.rows;
    EXPECT_EQ(OperandShape(use, sizes, false), alone);
    EXPECT_EQ(alone.columns, k) << GemmName(use.gemm);
    EXPECT_EQ(OperandShape(use, sizes, true), as_in_fprop);
  }
}

// One layer of out x in whose only quantized operand is `use`.
struct OneOperand {
  OperandUse use;
  std::string format;
  numerics::QuantizeOptions options;
  int64_t out, in, rows_per_record, records;
  std::string fault;  // empty: it fits
  bool as_in_fprop = false;
};

std::vector<OperandFault> FaultsOf(const OneOperand& each) {
  LayerPrecision layer{.layer = "layer", .recipe = "", .shares = ""};
  layer.out_features = each.out;
  layer.in_features = each.in;
  GemmPrecision& gemm = layer.gemms[static_cast<size_t>(each.use.gemm)];
  (each.use.second ? gemm.b : gemm.a) = {each.format, each.options};
  gemm.b_as_in_fprop = each.as_in_fprop;
  TensorInfo tensor{.name = "layer.weight", .shape = {each.out, each.in}};
  tensor.rows_per_record = each.rows_per_record;
  return FindOperandFaults(layer, tensor, each.records);
}

numerics::QuantizeOptions Rotated(int size) {
  numerics::QuantizeOptions options;
  options.hadamard = size;
  return options;
}

numerics::QuantizeOptions Block(const std::string& block) {
  numerics::QuantizeOptions options;
  options.block = block;
  return options;
}

TEST(FindOperandFaults, LooksAtEachOperandsOwnContraction) {
  const std::vector<OneOperand> cases = {
      // Only `in` is no multiple of 16: fprop contracts over it.
      {kFpropX, "nvfp4", {}, 32, 40, 16, 2, "activations of fprop in layer (32 x 40)"},
      {kFpropW, "nvfp4", {}, 32, 40, 16, 2, "does not fit layer (32 x 40)"},
      {kDgradDy, "nvfp4", {}, 32, 40, 16, 2, ""},
      {kDgradW, "nvfp4", {}, 32, 40, 16, 2, ""},
      {kDgradW, "nvfp4", {}, 32, 40, 16, 2, "weights of dgrad in layer (32 x 40)", true},
      {kWgradDy, "nvfp4", {}, 32, 40, 16, 2, ""},
      {kWgradX, "nvfp4", {}, 32, 40, 16, 2, ""},
      {kWgradX, "nvfp4", {}, 32, 40, 16, 2, "activations of wgrad in layer (32 x 40)", true},
      // Only `out` is none: dgrad contracts over it.
      {kFpropX, "nvfp4", {}, 40, 32, 16, 2, ""},
      {kFpropW, "nvfp4", {}, 40, 32, 16, 2, ""},
      {kDgradDy, "nvfp4", {}, 40, 32, 16, 2, "gradients of dgrad in layer (32 x 40)"},
      {kDgradW, "nvfp4", {}, 40, 32, 16, 2, "weights of dgrad in layer (32 x 40)"},
      {kWgradDy, "nvfp4", {}, 40, 32, 16, 2, ""},
      // Only the rows of a micro-batch are none: wgrad contracts over them.
      {kDgradDy, "mxfp4", {}, 32, 32, 10, 4, ""},
      {kWgradDy, "mxfp4", {}, 32, 32, 10, 4, "gradients of wgrad in layer (32 x 40)"},
      {kWgradX, "mxfp4", {}, 32, 32, 10, 4, "a micro-batch has 4 x 10 = 40 rows"},
      {kWgradX, "mxfp4", {}, 32, 32, 8, 4, ""},
  };
  for (const OneOperand& each : cases) {
    const std::vector<OperandFault> faults = FaultsOf(each);
    const std::string what =
        absl::StrCat(each.format, " as ", std::string(OperandName(TensorOf(each.use))), " of ",
                     std::string(GemmName(each.use.gemm)), ", out ", each.out, ", in ", each.in);
    ASSERT_EQ(faults.size(), each.fault.empty() ? 0u : 1u) << what;
    if (faults.empty()) continue;
    EXPECT_EQ(faults[0].use, each.use) << what;
    EXPECT_THAT(faults[0].message, HasSubstr(each.fault)) << what;
  }
}

TEST(FindOperandFaults, LooksAtRotationsAndShortMicroBatches) {
  const std::vector<OneOperand> cases = {
      {kWgradDy, "nvfp4", Rotated(64), 32, 32, 16, 2,
       "hadamard 64: does not divide the 32 columns"},
      {kWgradDy, "nvfp4", Rotated(32), 32, 32, 16, 2, ""},
      {kDgradDy, "nvfp4", Rotated(64), 96, 64, 16, 2,
       "hadamard 64: does not divide the 96 columns"},
      // 16x16 tiles fit the 32 rows of training, and not the 8 rows of one record.
      {kFpropX, "nvfp4", Block("16x16"), 32, 32, 8, 4,
       "the last micro-batch of an evaluation may have 1 x 8 = 8 rows"},
      {kFpropX, "nvfp4", Block("16x16"), 32, 32, 16, 4, ""},
      {kDgradDy, "nvfp4", Block("16x16"), 32, 32, 8, 4, ""},  // never in an evaluation
  };
  for (const OneOperand& each : cases) {
    const std::vector<OperandFault> faults = FaultsOf(each);
    const std::string what = absl::StrCat("block '", each.options.block, "', hadamard ",
                                          each.options.hadamard, ", out ", each.out);
    if (each.fault.empty()) {
      EXPECT_TRUE(faults.empty()) << what << ": " << faults[0].message;
    } else {
      ASSERT_EQ(faults.size(), 1u) << what;
      EXPECT_THAT(faults[0].message, HasSubstr(each.fault)) << what;
    }
  }
}

TEST(FindOperandFaults, AFrozenLayerHasNoWgrad) {
  LayerPrecision layer{.layer = "layer", .recipe = "", .shares = ""};
  layer.out_features = layer.in_features = 32;
  layer.gemms[2].a.format = "mxfp4";
  TensorInfo tensor{.name = "layer.weight", .shape = {32, 32}};
  tensor.rows_per_record = 10;
  EXPECT_EQ(FindOperandFaults(layer, tensor, 1).size(), 1u);
  layer.estimator = Estimator::kNone;
  EXPECT_THAT(FindOperandFaults(layer, tensor, 1), IsEmpty());
}

// What is said about a document as if everything was built.
std::vector<std::string> Problems(const std::string& text,
                                  const std::vector<std::string>& overrides = {}) {
  const ReadResult result =
      ReadExperiment(text, overrides, {.base_folder = "", .with_unbuilt = true});
  std::vector<std::string> lines;
  for (const Problem& problem : result.problems) lines.push_back(problem.ToString("d"));
  return lines;
}

constexpr char kBatch[] = R"("model": {"num_layers": 1, "sequence_length": 20},
 "training": {"micro_batch_size": 4},
)";

TEST(OperandFaults, ArePlacedWhereARuleGivesTheOperand) {
  EXPECT_THAT(
      Problems(absl::StrCat(R"({"name": "a", )", kBatch, R"("precision": {"rules": [
  {"match": "blocks.0.mlp.up", "use": "baseline",
   "wgrad": {"gradients": {"format": "nvfp4", "hadamard": 32}}}]}})")),
      ElementsAre(
          "d:5:27: error: precision.rules[0].wgrad.gradients: does not fit the gradients of wgrad "
          "in "
          "blocks.0.mlp.up (512 x 80): nvfp4: hadamard 32: does not divide the 80 columns that are "
          "rotated; a micro-batch has 4 x 20 = 80 rows"));
}

TEST(OperandFaults, ArePlacedInTheRecipeOfADocument) {
  EXPECT_THAT(Problems(absl::StrCat(R"({"name": "a", )", kBatch, R"("precision": {
  "default": "mine",
  "recipes": {"mine": {"gradients": {"format": "mxfp4"}}}}})")),
              ElementsAre(HasSubstr("d:5:37: error: precision.recipes.mine.gradients: does not fit "
                                    "the gradients of wgrad in blocks.0.attention.qkv (384 x 80)"),
                          HasSubstr("blocks.0.attention.out (128 x 80)"),
                          HasSubstr("blocks.0.mlp.up (512 x 80)"),
                          HasSubstr("blocks.0.mlp.down (128 x 80)")));
}

TEST(OperandFaults, OfABuiltInRecipeArePlacedAtItsName) {
  const std::vector<std::string> problems =
      Problems(absl::StrCat(R"({"name": "a", )", kBatch, R"("precision": {"default": "mxfp4"}})"));
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_THAT(problems[0], HasSubstr("d:3:26: error: precision.default: does not fit the gradients "
                                     "of wgrad in blocks.0.attention.qkv (384 x 80): mxfp4: "
                                     "hadamard 64: does not divide the 80 columns"));
}

TEST(OperandFaults, OfAVariantAndOfAnOverrideArePlacedThere) {
  EXPECT_THAT(
      Problems(R"({"name": "a", "model": {"num_layers": 1, "sequence_length": 64},
 "precision": {"rules": [{"match": "blocks.0.mlp.up", "use": "baseline", "gradients": "mxfp4"}]},
 "variants": {"good": {}, "bad": {"precision": {"rules": [
   {"match": "blocks.0.mlp.up", "use": "baseline", "wgrad": {"gradients": {"format": "nvfp4",
    "hadamard": 128}}}]}, "training": {"micro_batch_size": 3}}}})"),
      ElementsAre(HasSubstr("d:4:75: error: variants.bad.precision.rules[0].wgrad.gradients: does "
                            "not fit the gradients of wgrad in blocks.0.mlp.up (512 x 192)")));
  EXPECT_THAT(Problems(absl::StrCat(R"({"name": "a", )", kBatch, R"("seeds": [1]})"),
                       {R"(precision={"rules": [{"match": "lm_head", "use": "baseline",)"
                        R"( "gradients": "mxfp4"}]})"}),
              ElementsAre(HasSubstr("error: precision.rules[0].gradients: does not fit the "
                                    "gradients of wgrad in lm_head (256 x 80)")));
}

TEST(Bundle, TellsWhatIsMadeInFpropFromWhatIsMadeForItsGemm) {
  struct Case {
    std::string recipe;
    bool dgrad, wgrad;
  };
  for (const Case& each :
       {Case{R"("weights": "nvfp4", "activations": "nvfp4")", true, true},
        Case{R"("weights": "nvfp4", "gradients": "nvfp4")", true, false},
        Case{R"("weights": "nvfp4", "dgrad": {"weights": "nvfp4"})", false, false},
        Case{R"("weights": "nvfp4", "activations": "nvfp4", "wgrad": "nvfp4")", true, false},
        Case{R"("fprop": "nvfp4")", false, false}}) {
    const ReadResult result =
        ReadExperiment(R"({"name": "a", "precision": {"default": "mine", "recipes": {"mine": {)" +
                           each.recipe + "}}}}",
                       {}, {.base_folder = "", .with_unbuilt = true});
    ASSERT_TRUE(result.ok()) << result.problems[0].message;
    const LayerPrecision& layer =
        LayerOf(result.experiment.variants[0].run, "blocks.0.attention.out");
    EXPECT_EQ(layer.gemm(Gemm::kDgrad).b_as_in_fprop, each.dgrad) << each.recipe;
    EXPECT_EQ(layer.gemm(Gemm::kWgrad).b_as_in_fprop, each.wgrad) << each.recipe;
  }
}

}  // namespace
}  // namespace fp4::spec
