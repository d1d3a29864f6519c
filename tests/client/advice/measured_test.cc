#include "client/advice/measured.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::client {
namespace {

using ::testing::HasSubstr;

spec::PredictedMove Units(int64_t units, double gain) {
  return {
      .move = {.kind = spec::MoveKind::kUnits, .layer = "layers.0", .recipe = {}, .units = units},
      .extra_bytes = 100 * units,
      .gain = gain,
      .standard_error = 0.3};
}

void AddVariant(v1::CompareResponse& comparison, const std::string& name, double difference,
                int seeds) {
  v1::VariantComparison& variant = *comparison.add_variants();
  variant.set_name(name);
  variant.mutable_difference()->set_mean(difference);
  variant.mutable_difference()->set_n(seeds);
  if (seeds < 2) return;
  variant.mutable_difference()->mutable_ci95()->set_low(difference - 0.5);
  variant.mutable_difference()->mutable_ci95()->set_high(difference + 0.25);
}

TEST(MeasuredAdvice, GainsAreFallsAgainstTheAdvisedVariant) {
  v1::CompareResponse comparison;
  comparison.add_variants()->set_name("base");
  AddVariant(comparison, "layers.0-plus-1", -2, 3);
  AddVariant(comparison, "layers.0-plus-2", -5, 1);
  AddVariant(comparison, "layers.0-plus-4", 0, 0);
  const auto moves =
      Measured({Units(1, 1), Units(2, 1.5), Units(4, 1.6), Units(8, 1.7)}, comparison);
  ASSERT_EQ(moves.size(), 3u) << "what was not trained is left out";
  EXPECT_EQ(moves[0].gain, 2);
  EXPECT_EQ(moves[0].low, 1.75);
  EXPECT_EQ(moves[0].high, 2.5);
  EXPECT_FALSE(moves[1].low.has_value());
  const std::vector<MeasuredRank> ranks = MeasuredRanks(moves);
  EXPECT_EQ(ranks[0].by_gain, 2);
  EXPECT_EQ(ranks[0].per_byte, 2);
  EXPECT_EQ(ranks[1].by_gain, 1);
  EXPECT_EQ(ranks[1].per_byte, 1);
  EXPECT_EQ(ranks[2].by_gain, 0) << "not measured yet";
  const std::string text = RenderMeasured(moves, {});
  EXPECT_THAT(text, HasSubstr("+2.00e+00 [+1.75e+00, +2.50e+00]"));
  EXPECT_THAT(text, HasSubstr("layers.0-plus-4"));
}

TEST(MeasuredAdvice, PredictionsAreMeansOverTheRunsThatHaveTheMove) {
  const spec::ScoreTable a{.moves = {Units(1, 1), Units(2, 9), Units(4, 1)}};
  const spec::ScoreTable b{.moves = {Units(1, 3), Units(2, 1)}};
  const auto means = MeanOver({&a, &b});
  ASSERT_EQ(means.size(), 2u);
  EXPECT_EQ(means[0].move.units, 2) << "5 / 200 a byte before 2 / 100";
  EXPECT_EQ(means[0].gain, 5);
  EXPECT_EQ(means[1].gain, 2);
  EXPECT_NEAR(means[1].standard_error, 0.3 / std::sqrt(2.0), 1e-12);
  EXPECT_TRUE(MeanOver({}).empty());
}

TEST(MeasuredAdvice, OnlyTheSwitchInTheDocumentAsksForIt) {
  EXPECT_TRUE(AsksForAdvice(R"({"sensitivity": {"advise": true}})"));
  for (const char* document :
       {"{}", R"({"sensitivity": {}})", "no document", R"({"sensitivity": {"advise": false}})"})
    EXPECT_FALSE(AsksForAdvice(document)) << document;
}

TEST(MeasuredAdvice, TheNewestTableWithMovesIsFound) {
  const std::vector<spec::ScoreTable> tables = {
      {.step = 1, .moves = {Units(1, 1)}}, {.step = 2, .moves = {Units(1, 2)}}, {.step = 3}};
  EXPECT_EQ(FindAdvice(tables, -1)->step, 2);
  EXPECT_EQ(FindAdvice(tables, 1)->step, 1);
  EXPECT_EQ(FindAdvice(tables, 3), nullptr) << "scores alone";
}

}  // namespace
}  // namespace fp4::client
