#include "spec/score_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fp4::spec {
namespace {

using ::testing::HasSubstr;

ScoreTable Table() {
  return {.step = 7,
          .micro_batches = 2,
          .targets = 64,
          .layers = {{.layer = "blocks.0.mlp.up",
                      .current = "baseline",
                      .scores = {{.recipe = "nf4",
                                  .bytes = 100,
                                  .loss_change = 0.25,
                                  .standard_error = 0.125,
                                  .first_order = 0.05,
                                  .second_order = 0.2},
                                 {.recipe = "fp8", .bytes = 200, .loss_change = 0.001}}},
                     {.layer = "lm_head",
                      .current = "fp8",
                      .scores = {{.recipe = "fp8", .standard_error = NAN}}}}};
}

TEST(ScoreTable, MeansWithinTheirErrorCountForNothing) {
  EXPECT_EQ(Shrunk(0.5, 0), 0.5);
  EXPECT_EQ(Shrunk(-0.5, 0.125), -0.375);
  EXPECT_EQ(Shrunk(0.5, 0.25), 0);
  EXPECT_EQ(Shrunk(0, 0), 0);
}

TEST(ScoreTable, ComesBackFromItsJson) {
  const std::string json = ToJson(Table());
  const auto read = ParseScoreTable(7, json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), json);
  EXPECT_EQ(read->step, 7);
  EXPECT_EQ(read->layers[0].scores[0].bytes, 100);
  EXPECT_TRUE(std::isnan(read->layers[1].scores[0].standard_error));
}

TEST(ScoreTable, IsReadByPeopleAsOneRowALayer) {
  EXPECT_EQ(FormatScoreTable(Table()),
            "layer            current                 nf4                fp8\n"
            "blocks.0.mlp.up  baseline  +2.50e-01 (1e-01)  +1.00e-03 (0e+00)\n"
            "lm_head          fp8                       -    +0.00e+00 (nan)\n");
  EXPECT_EQ(Describe(Table()),
            "scores of 2 layers at step 7: the largest is blocks.0.mlp.up under nf4, predicted to "
            "change the loss by +0.25");
}

TEST(ScoreTable, MovesComeBackFromItsJsonAndAreLeftOutWithoutAdvice) {
  ScoreTable table = Table();
  EXPECT_EQ(ToJson(table).find("moves"), std::string::npos);
  table.moves = {{.move = {.kind = MoveKind::kBits, .layer = "layers.1", .recipe = "int8"},
                  .extra_bytes = 10,
                  .gain = 0.5,
                  .standard_error = NAN},
                 {.move = {.kind = MoveKind::kUnits, .layer = "layers.0", .units = 2},
                  .extra_bytes = 8,
                  .gain = -1},
                 {.move = {.kind = MoveKind::kLayer, .layer = "layers.0"}, .extra_bytes = 4}};
  const auto read = ParseScoreTable(7, ToJson(table));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(table));
  ASSERT_EQ(read->moves.size(), 3u);
  EXPECT_EQ(read->moves[0].move.name(), "layers.1-as-int8");
  EXPECT_EQ(read->moves[1].move.name(), "layers.0-plus-2");
  EXPECT_EQ(read->moves[2].move.name(), "layers.0-and-another");
}

TEST(ScoreTable, AMoveThatIsNoneIsAnErrorThatNamesIt) {
  ScoreTable table = Table();
  table.moves = {{.move = {.kind = MoveKind::kLayer, .layer = "layers.0"}}};
  std::string json = ToJson(table);
  json.replace(json.find(R"("kind":"layer")"), 14, R"("kind":"depth")");
  const auto read = ParseScoreTable(7, json);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("'depth' is no kind of move"));
  table.moves = {{.move = {.kind = MoveKind::kBits, .layer = "layers.0", .recipe = "int8"}}};
  json = ToJson(table);
  json.erase(json.find(R"("extra_bytes":0,)"), 16);
  EXPECT_FALSE(ParseScoreTable(7, json).ok());
}

TEST(ScoreTable, AdviceHasTheChangesThatMakeItsMoves) {
  ScoreTable table = Table();
  table.moves = {{.move = {.kind = MoveKind::kLayer, .layer = "layers.0"}}};
  const Offer offer{.move = table.moves[0].move,
                    .extra_bytes = 4,
                    .change = R"({"model":{"layer_sizes":[8,4,4,8]}})"};
  EXPECT_THAT(AdviceJson(table, {offer}),
              HasSubstr(R"("change":{"model":{"layer_sizes":[8,4,4,8]}}})"));
  EXPECT_EQ(AdviceJson(table, {}).find("change"), std::string::npos);
}

TEST(ScoreTable, WhatIsNoneIsAnErrorWithItsStep) {
  for (const char* json :
       {"", "[]", "{}", R"({"micro_batches": 1, "targets": 1, "layers": [3]})"}) {
    const auto read = ParseScoreTable(7, json);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("scores of step 7"));
  }
}

TEST(Decision, ComesBackFromItsJson) {
  const Decision decision{.step = 7,
                          .how = "hysteresis",
                          .changed = true,
                          .why = "because",
                          .limit_bytes = 300,
                          .bytes = 250,
                          .predicted = 0.5,
                          .bound = 0.25,
                          .gain = 0.125,
                          .standard_error = 0.01,
                          .needed = 0.02,
                          .assignment = {{"lm_head", "fp8"}, {"blocks.0.mlp.up", "nf4"}},
                          .changes = {{"lm_head", "its own", "fp8"}},
                          .scores = Table()};
  const std::string json = ToJson(decision);
  const auto read = ParseDecision(7, json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), json);
  EXPECT_EQ(Describe(*read), "budget at step 7: because; 250 of 300 bytes");
}

TEST(Decision, OfABudgetInSecondsKeepsThem) {
  Decision decision{.step = 7,
                    .how = "once",
                    .why = "because",
                    .bytes = 250,
                    .limit_seconds = 0.5,
                    .seconds = 0.25,
                    .assignment = {},
                    .changes = {},
                    .scores = Table()};
  decision.scores.layers[0].scores[0].seconds = 0.125;

  const auto read = ParseDecision(7, ToJson(decision));

  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->limit_seconds, 0.5);
  EXPECT_EQ(read->seconds, 0.25);
  EXPECT_EQ(read->scores.layers[0].scores[0].seconds, 0.125);
  EXPECT_EQ(Describe(*read), "budget at step 7: because; 0.25 of 0.5 seconds");
}

}  // namespace
}  // namespace fp4::spec
