#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "numerics/quantizer_options.h"
#include "spec/layers.h"
#include "spec/recipes.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RunSpec WithPrecision(const std::string& precision, const std::string& model = "{}") {
  return ReadRun(R"({"name": "a", "model": )" + model + R"(, "precision": )" + precision + "}");
}

std::vector<std::string> RecipesOf(const RunSpec& run) {
  std::vector<std::string> names;
  for (const LayerPrecision& layer : run.layers) names.push_back(layer.recipe);
  return names;
}

TEST(Precision, DefaultIsForTheBlocksAlone) {
  const RunSpec run = WithPrecision(R"({"default": "fp4"})", R"({"num_layers": 1})");
  EXPECT_THAT(RecipesOf(run), ElementsAre("baseline", "fp4", "fp4", "fp4", "fp4", "baseline"));
}

TEST(Precision, TheLastRuleThatMatchesDecidesAlone) {
  const RunSpec run = WithPrecision(R"({"default": "frozen", "rules": [
      {"match": "blocks.**", "use": "fp4", "weights": {"block": 128}},
      {"match": "blocks.*.mlp.*", "use": "nf4"},
      {"match": "blocks.{1..2}.mlp.up", "use": "baseline"},
      {"match": "lm_head", "use": "int4"}]})");
  EXPECT_EQ(LayerOf(run, "blocks.0.attention.qkv").recipe, "fp4+");
  EXPECT_EQ(LayerOf(run, "blocks.0.attention.qkv").weight().options.block, "128");
  EXPECT_EQ(LayerOf(run, "blocks.0.mlp.up").recipe, "nf4");
  EXPECT_EQ(LayerOf(run, "blocks.0.mlp.up").weight().options.block, "");
  EXPECT_FALSE(LayerOf(run, "blocks.2.mlp.up").weight().quantized());
  EXPECT_EQ(LayerOf(run, "blocks.3.mlp.up").weight().format, "nf4");
  EXPECT_EQ(LayerOf(run, "lm_head").weight().format, "int4");
  EXPECT_FALSE(LayerOf(run, "embedding").weight().quantized());
}

TEST(Precision, WeightOnlyIsTheSameWeightInFpropAndDgradAndNothingElse) {
  const RunSpec run = WithPrecision(R"({"default": "fp4"})");
  for (const LayerPrecision& layer : run.layers) {
    EXPECT_EQ(layer.gemm(Gemm::kFprop).b, layer.gemm(Gemm::kDgrad).b);
    EXPECT_FALSE(layer.gemm(Gemm::kFprop).a.quantized() || layer.gemm(Gemm::kDgrad).a.quantized());
    EXPECT_EQ(layer.gemm(Gemm::kWgrad), GemmPrecision{});
  }
}

TEST(Precision, FrozenRecipesGiveTheWeightNoGradient) {
  const RunSpec format = WithPrecision(R"({"default": "fp4-frozen"})");
  EXPECT_EQ(LayerOf(format, "blocks.0.mlp.up").estimator, Estimator::kNone);
  EXPECT_EQ(LayerOf(format, "blocks.0.mlp.up").weight().format, "fp4");
  EXPECT_EQ(LayerOf(format, "lm_head").estimator, Estimator::kStraightThrough);
  const RunSpec control = WithPrecision(R"({"default": "frozen"})");
  EXPECT_EQ(LayerOf(control, "blocks.0.mlp.up").estimator, Estimator::kNone);
  EXPECT_FALSE(LayerOf(control, "blocks.0.mlp.up").weight().quantized());
}

TEST(Precision, TheEmbeddingIsALookUp) {
  const RunSpec run = WithPrecision(R"({"rules": [{"match": "embedding", "use": "fp4"}]})");
  const LayerPrecision& embedding = LayerOf(run, "embedding");
  EXPECT_TRUE(embedding.is_lookup);
  EXPECT_EQ(embedding.weight().format, "fp4");
  EXPECT_EQ(embedding.gemm(Gemm::kDgrad), GemmPrecision{});
  EXPECT_FALSE(LayerOf(run, "lm_head").weight().quantized());
}

TEST(Precision, BothSidesOfATieMayBeFrozen) {
  const RunSpec run = WithPrecision(R"({"rules": [{"match": "**", "use": "fp4-frozen"}]})");
  EXPECT_EQ(run.layers.front().estimator, Estimator::kNone);
  EXPECT_EQ(run.layers.back().estimator, Estimator::kNone);
  const RunSpec untied = WithPrecision(R"({"rules": [{"match": "lm_head", "use": "fp4-frozen"}]})",
                                       R"({"tie_embeddings": false})");
  EXPECT_EQ(untied.layers.back().estimator, Estimator::kNone);
}

TEST(Precision, ARuleChangesPartsOfItsRecipe) {
  const RunSpec run = WithPrecision(
      R"({"recipes": {"mine": {"weights": {"format": "nf4", "double_quantization": true}}},
      "rules": [{"match": "blocks.0.**", "use": "mine", "weights": {"block": 128}},
                {"match": "blocks.1.**", "use": "mine", "weights": {"format": "fp4"}},
                {"match": "blocks.2.**", "use": "mine", "weights": "none", "estimator": "none"}]})");
  const OperandPrecision kept = LayerOf(run, "blocks.0.mlp.up").weight();
  EXPECT_EQ(kept.format, "nf4");
  EXPECT_EQ(kept.options.block, "128");
  EXPECT_TRUE(kept.options.double_quantization);
  const OperandPrecision fresh = LayerOf(run, "blocks.1.mlp.up").weight();
  EXPECT_EQ(fresh.format, "fp4");
  EXPECT_FALSE(fresh.options.double_quantization);
  EXPECT_FALSE(LayerOf(run, "blocks.2.mlp.up").weight().quantized());
  EXPECT_EQ(LayerOf(run, "blocks.2.mlp.up").estimator, Estimator::kNone);
}

TEST(Precision, ABlockMustDivideTheLayer) {
  const std::string text =
      R"({"name": "a", "model": {"d_model": 40, "num_heads": 4, "d_ff": 50}, "precision": {"default": "nvfp4-weights"}})";
  const ReadResult result = ReadExperiment(text, {}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.problems[0].path, "precision.default");
  EXPECT_EQ(
      result.problems[0].message,
      "does not fit blocks.0.attention.qkv (120 x 40): nvfp4: the block 1x16 does not divide it");
}

TEST(Precision, AFlatBlockMayEndShortButNotExceedTheLayer) {
  const auto read = [](const char* block) {
    return ReadExperiment(
        absl::StrCat(R"({"name": "a", "model": {"d_model": 24, "num_heads": 3, "vocab_size": 67},)",
                     R"( "precision": {"rules": [{"match": "lm_head", "use": "fp4",)",
                     R"( "weights": {"format": "fp4", "block": )", block, "}}]}}"),
        {}, {});
  };
  EXPECT_TRUE(read("64").ok());  // 67 x 24 = 25 blocks and 8 values
  const ReadResult result = read("2048");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.problems[0].message,
              testing::HasSubstr("fp4: it has 1608 values, fewer than the block 2048"));
}

TEST(BuiltinRecipes, AllOfThemAreOperandsOfTheThreeGemms) {
  for (const BuiltinRecipe& recipe : BuiltinRecipes()) {
    const ParsedJson parsed = ParseJson(recipe.json);
    ASSERT_TRUE(parsed.complete && parsed.problems.empty()) << recipe.name;
    Bundle bundle;
    for (const Member& member : parsed.root.members) {
      EXPECT_THAT(ApplyRecipeField(member.key, member.value, bundle), IsEmpty()) << recipe.name;
    }
  }
}

TEST(BuiltinRecipes, Nvfp4RotatesWgradAloneAndRoundsGradientsAtRandom) {
  const auto recipes = BuiltinRecipes();
  const auto found = std::ranges::find(recipes, "nvfp4", &BuiltinRecipe::name);
  ASSERT_NE(found, recipes.end());
  const Bundle bundle = BuiltinBundle(*found);
  EXPECT_EQ(OperandText(bundle.gemms[0].a), "nvfp4 1x16");
  EXPECT_EQ(OperandText(bundle.gemms[0].b), "nvfp4 16x16");
  EXPECT_EQ(OperandText(bundle.gemms[1].a), "nvfp4 1x16, stochastic");
  EXPECT_EQ(OperandText(bundle.gemms[1].b), "nvfp4 16x16");
  EXPECT_EQ(OperandText(bundle.gemms[2].a), "nvfp4 1x16, stochastic, hadamard 16, signs fixed");
  EXPECT_EQ(OperandText(bundle.gemms[2].b), "nvfp4 1x16, hadamard 16, signs fixed");
}

// A value other than the default, as a document writes it.
std::string SampleJson(const numerics::QuantizerOption& option) {
  switch (option.kind) {
    case numerics::OptionKind::kBlock:
      return "\"row\"";
    case numerics::OptionKind::kChoice:
      return absl::StrCat("\"", std::string(option.choices.back()), "\"");
    case numerics::OptionKind::kSwitch:
      return "true";
    case numerics::OptionKind::kInteger:
    case numerics::OptionKind::kNumber:
      break;
  }
  return absl::StrCat(option.range.max);
}

TEST(QuantizerOptions, EachIsAFieldOfAnOperandThatReachesIt) {
  for (const numerics::QuantizerOption& option : numerics::QuantizerOptions()) {
    SCOPED_TRACE(option.name);
    const std::string sample = SampleJson(option);
    const ParsedJson weights = ParseJson(
        absl::StrCat(R"({"format": "nvfp4", ")", std::string(option.name), "\": ", sample, "}"));
    Bundle bundle;
    EXPECT_THAT(ApplyRecipeField("weights", weights.root, bundle), IsEmpty());
    const OperandPrecision& operand = bundle.gemms[0].b;
    EXPECT_THAT(option.value(operand.options), ::testing::Not(IsEmpty()));
    EXPECT_THAT(OperandText(operand), ::testing::HasSubstr(std::string(option.mark)));
    EXPECT_NE(OperandText(operand), "nvfp4");
  }
}

TEST(QuantizerOptions, ANameThatIsNoneIsAnErrorEvenWhereNothingCheckedTheDocument) {
  const ParsedJson weights = ParseJson(R"({"format": "fp4", "blok": 64})");
  Bundle bundle;
  EXPECT_EQ(ApplyRecipeField("weights", weights.root, bundle), "has no option 'blok'");
}

TEST(FormatLayerTable, GroupsEqualBlocks) {
  const RunSpec run = WithPrecision(
      R"({"default": "fp4", "rules": [{"match": "blocks.3.mlp.*", "use": "fp4-frozen"},
                                                                   {"match": "lm_head", "use": "nf4", "weights": {"block": 128}}]})");
  EXPECT_EQ(
      FormatLayerTable(run),
      R"(layer                        shape      recipe               fprop        dgrad        wgrad  tensor cores  bits  weight bytes
embedding                    256 x 128  baseline             -            -            -      -               32     128.0 KiB
blocks.{0..2}.attention.qkv  384 x 128  fp4                  - x fp4      - x fp4      -      -              4.5      81.0 KiB
blocks.{0..2}.attention.out  128 x 128  fp4                  - x fp4      - x fp4      -      -              4.5      27.0 KiB
blocks.{0..2}.mlp.up         512 x 128  fp4                  - x fp4      - x fp4      -      -              4.5     108.0 KiB
blocks.{0..2}.mlp.down       128 x 512  fp4                  - x fp4      - x fp4      -      -              4.5     108.0 KiB
blocks.3.attention.qkv       384 x 128  fp4                  - x fp4      - x fp4      -      -              4.5      27.0 KiB
blocks.3.attention.out       128 x 128  fp4                  - x fp4      - x fp4      -      -              4.5       9.0 KiB
blocks.3.mlp.up              512 x 128  fp4-frozen (frozen)  - x fp4      - x fp4      -      -              4.5      36.0 KiB
blocks.3.mlp.down            128 x 512  fp4-frozen (frozen)  - x fp4      - x fp4      -      -              4.5      36.0 KiB
lm_head                      256 x 128  nf4+                 - x nf4 128  - x nf4 128  -      -             4.25      17.0 KiB
total                                                                                                                577.0 KiB
)");
}

TEST(FormatLayerTable, SaysWhatATensorCoreCouldCompute) {
  const std::string table = FormatLayerTable(WithPrecision(
      R"({"default": "nvfp4", "rules": [{"match": "blocks.*.mlp.up", "use": "mxfp4",
                                         "wgrad": "none"}]})"));
  EXPECT_THAT(table, ::testing::ContainsRegex("attention.qkv .* 4 4 4  "));
  EXPECT_THAT(table, ::testing::ContainsRegex("mlp.up .* 4 4 -  "));
}

TEST(LayerTableJson, HasOneRowALayer) {
  const RunSpec run = WithPrecision(R"({"default": "fp4-frozen"})", R"({"num_layers": 1})");
  const auto rows = nlohmann::json::parse(LayerTableJson(run));
  ASSERT_EQ(rows.size(), run.layers.size());
  EXPECT_EQ(rows[1],
            nlohmann::json::parse(
                R"({"layer": "blocks.0.attention.qkv", "shape": [384, 128], "recipe": "fp4-frozen",
      "estimator": "none", "fprop": {"a": null, "b": "fp4", "tensor_core_bits": null},
      "dgrad": {"a": null, "b": "fp4", "tensor_core_bits": null},
      "wgrad": {"a": null, "b": null, "tensor_core_bits": null},
      "weight_bits": 4.5, "weight_bytes": 27648})"));
}

std::vector<std::string> AttentionOf(const RunSpec& run) {
  std::vector<std::string> rows;
  for (const AttentionPrecision& each : run.attention)
    rows.push_back(absl::StrCat(each.tensor, " ", each.recipe, ": ", OperandText(each.operand)));
  return rows;
}

TEST(ResolvePrecision, RoundsScoresAndProbabilitiesOnlyWhereARuleNamesThem) {
  const struct {
    const char* rules;
    std::vector<std::string> rounded;
  } rows[] = {
      {R"([{"match": "**", "use": "nvfp4"}])", {}},
      {R"([{"match": "blocks.*.attention.*", "use": "nvfp4"}])", {}},
      {R"([{"match": "blocks.*.attention.**", "use": "nvfp4"}])", {}},
      {R"([{"match": "blocks.0.attention.{qkv,scores}", "use": "nvfp4"}])",
       {"blocks.0.attention.scores nvfp4: nvfp4 1x16"}},
      {R"([{"match": "**.probabilities", "use": "baseline", "activations": "nvfp4"}])",
       {"blocks.0.attention.probabilities baseline+: nvfp4",
        "blocks.1.attention.probabilities baseline+: nvfp4"}},
      {R"([{"match": "blocks.{0,1}.attention.scores", "use": "nvfp4"},
           {"match": "blocks.1.attention.scores", "use": "baseline"}])",
       {"blocks.0.attention.scores nvfp4: nvfp4 1x16"}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.rules);
    const RunSpec run =
        WithPrecision(absl::StrCat(R"({"rules": )", row.rules, "}"), R"({"num_layers": 2})");
    EXPECT_EQ(AttentionOf(run), row.rounded);
  }
}

TEST(FormatLayerTable, HasScoresAndProbabilitiesWhereTheyAreRounded) {
  const RunSpec run = WithPrecision(
      R"({"rules": [{"match": "blocks.*.attention.{scores,probabilities}", "use": "baseline",
                     "activations": "nvfp4"}]})");
  const std::string table = FormatLayerTable(run);
  EXPECT_THAT(table, ::testing::ContainsRegex(
                         "blocks.\\{0..3\\}.attention.scores +128 x 128 +baseline\\+ +nvfp4 "));
  const auto rows = nlohmann::json::parse(LayerTableJson(run));
  ASSERT_EQ(rows.size(), run.layers.size() + 8);
  EXPECT_EQ(rows.back(), nlohmann::json::parse(
                             R"({"layer": "blocks.3.attention.probabilities", "shape": [128, 128],
      "recipe": "baseline+", "estimator": "straight-through",
      "fprop": {"a": "nvfp4", "b": null, "tensor_core_bits": null},
      "dgrad": {"a": null, "b": null, "tensor_core_bits": null},
      "wgrad": {"a": null, "b": null, "tensor_core_bits": null},
      "weight_bits": 0, "weight_bytes": 0})"));
}

TEST(WeightBits, OfWhatIsNotQuantizedAreTheComputeTypes) {
  const RunSpec run = WithPrecision("{}");
  EXPECT_EQ(run.layers[0].weight_bits(ComputeDtype::kBf16), 16);
  EXPECT_EQ(run.layers[0].weight_bits(ComputeDtype::kFp32), 32);
}

}  // namespace
}  // namespace fp4::spec
