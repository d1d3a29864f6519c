#include "client/diff/difference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/render/difference.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

std::vector<DiffSide> Sides(const std::string& variants) {
  const spec::ReadResult result = spec::ReadExperiment(
      R"({"schema_version": 1, "name": "demo", "model": {"preset": "micro"},
          "data": {"source": "synthetic"}, "training": {"steps": 40}, "variants": )" +
          variants + "}",
      {}, {});
  EXPECT_TRUE(result.ok());
  std::vector<DiffSide> sides;
  for (const spec::Variant& variant : result.experiment.variants) {
    sides.push_back({"demo:" + variant.name, variant.name, variant.resolved_document, ""});
  }
  return sides;
}

DiffPair BaselineAndFp4() {
  const std::vector<DiffSide> sides =
      Sides(R"({"baseline": {}, "fp4": {"precision": {"default": "fp4"}}})");
  return {sides[0], sides[1]};
}

TEST(DifferenceTest, NamesFieldsAndLayers) {
  const DiffPair pair = BaselineAndFp4();
  const Difference difference = DifferenceOf(pair.a, pair.b);
  EXPECT_EQ(difference.document,
            (std::vector<FieldDifference>{{"precision.default", "\"baseline\"", "\"fp4\""}}));
  ASSERT_FALSE(difference.layers.empty());
  EXPECT_EQ(difference.layers[0].layer, "blocks.0.attention.qkv");
  EXPECT_EQ(difference.layers[0].fields[0], (FieldDifference{"recipe", "\"baseline\"", "\"fp4\""}));
  EXPECT_GT(difference.weight_bytes_a, 4 * difference.weight_bytes_b);
}

TEST(DifferenceTest, EqualSidesHaveNone) {
  const DiffPair pair = BaselineAndFp4();
  const Difference difference = DifferenceOf(pair.a, pair.a);
  EXPECT_TRUE(difference.empty());
  EXPECT_EQ(RenderDifference({pair.a, pair.a}, difference, {}),
            "demo:baseline -> demo:baseline\n  no differences\n");
}

TEST(DifferenceTest, OfTwoRunsWhatTheirTrainersSaid) {
  DiffPair pair = BaselineAndFp4();
  pair.a.started = R"({"threads": 1, "document": {"a": 1}, "layers": [], "resumed_from_step": 0})";
  pair.b.started = R"({"threads": 2, "document": {"a": 2}, "layers": [1], "resumed_from_step": 9})";
  EXPECT_EQ(DifferenceOf(pair.a, pair.b).started,
            (std::vector<FieldDifference>{{"threads", "1", "2"}}));
}

TEST(RenderDifferenceTest, LayersThatDifferAlikeStandTogether) {
  const DiffPair pair = BaselineAndFp4();
  const std::string text = RenderDifference(pair, DifferenceOf(pair.a, pair.b), {.width = 100});
  EXPECT_NE(text.find("document\n  precision.default  baseline  fp4\n"), std::string::npos) << text;
  EXPECT_NE(text.find(".mlp.{up,down}\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    recipe       baseline  fp4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    fprop.b      -         fp4\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("recipe"), text.rfind("recipe")) << text;
}

TEST(RenderDifferenceTest, WhatIsTooWideStandsOneUnderTheOther) {
  DiffPair pair = BaselineAndFp4();
  const Difference difference{
      .document = {{"data.paths", "[\"" + std::string(50, 'a') + "\"]", "[]"}},
      .layers = {},
      .started = {}};
  EXPECT_EQ(RenderDifference(pair, difference, {.width = 60}),
            "demo:baseline -> demo:fp4\ndocument\n  data.paths\n    - [\"" + std::string(50, 'a') +
                "\"]\n    + []\n");
}

TEST(DifferencesJsonTest, HasNullForWhatIsNotThere) {
  const DiffPair pair = BaselineAndFp4();
  const Difference difference{.document = {{"model.x", "", "\"a\""}}, .layers = {}, .started = {}};
  const auto json = nlohmann::json::parse(
      DifferencesJson({.pairs = {pair}, .only_a = {"nf4"}, .only_b = {}}, {difference}));
  EXPECT_EQ(json["variants"][0]["document"][0],
            nlohmann::json::parse(R"({"path": "model.x", "a": null, "b": "a"})"));
  EXPECT_EQ(json["only_a"][0], "nf4");
  EXPECT_TRUE(json["only_b"].empty());
}

TEST(PairSidesTest, SeveralVariantsPairByName) {
  const auto pairs =
      PairSides(Sides(R"({"a": {}, "b": {}, "c": {}})"), Sides(R"({"d": {}, "c": {}, "b": {}})"));
  ASSERT_TRUE(pairs.ok());
  ASSERT_EQ(pairs->pairs.size(), 2u);
  EXPECT_EQ(pairs->pairs[0].a.variant, "b");
  EXPECT_EQ(pairs->pairs[1].b.variant, "c");
  EXPECT_EQ(pairs->only_a, std::vector<std::string>{"a"});
  EXPECT_EQ(pairs->only_b, std::vector<std::string>{"d"});
}

TEST(PairSidesTest, TwoSingleOnesPairWhateverTheirNames) {
  EXPECT_TRUE(PairSides(Sides(R"({"a": {}})"), Sides(R"({"b": {}})")).ok());
  const auto none = PairSides(Sides(R"({"a": {}, "b": {}})"), Sides(R"({"c": {}})"));
  EXPECT_NE(std::string(none.status().message()).find("name them: ID:VARIANT"), std::string::npos);
}

}  // namespace
}  // namespace fp4::client
