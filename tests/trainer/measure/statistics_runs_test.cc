// Whole runs that look closely at their operands: what they tell, and that they change nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"
#include "spec/recipes.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::UnorderedElementsAre;

class StatisticsRunsTest : public TrainingFixture {
 protected:
  std::set<std::string> NamesAt(const std::string& run, int64_t step) const {
    std::set<std::string> names;
    for (const spec::MetricsEvent& event : EventsOf<spec::MetricsEvent>(run)) {
      for (const auto& [name, value] : event.values) {
        if (event.step == step && name.starts_with("quant/")) names.insert(name);
      }
    }
    return names;
  }
  std::string Findings(const std::string& run) const {
    std::string text;
    for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>(run))
      absl::StrAppend(&text, event.code, ": ", event.message, "\n");
    return text;
  }
};

TEST_F(StatisticsRunsTest, EachEvaluationAfterAnUpdateTellsOfAllThreeOperands) {
  ASSERT_EQ(Run("a", Document(R"({"precision": {"default": "nvfp4"}})")), kExitCompleted);
  const std::string layer = "quant/blocks.0.mlp.up/";
  for (const int64_t step : {6, 12}) {
    for (const char* operand : {"weight", "activation", "gradient"}) {
      for (const char* what : {"_sqnr_db", "_relative_error", "_zeros", "_clipped"})
        EXPECT_TRUE(NamesAt("a", step).contains(layer + operand + what)) << step << operand << what;
    }
    // Embedding and head are not quantized.
    EXPECT_EQ(NamesAt("a", step).size(), 8u * (3 * 4 + 1));
  }
  EXPECT_EQ(NamesAt("a", 0).size(), 8u * 5);  // before the first update there are weights alone
  EXPECT_THAT(NamesAt("a", 3), IsEmpty());
  const double error = Curve("a", layer + "activation_relative_error").at(6);
  EXPECT_GT(error, 0.02);
  EXPECT_LT(error, 0.3);
}

TEST_F(StatisticsRunsTest, IntervalTakesThePlaceOfEvaluations) {
  ASSERT_EQ(Run("a", Document(R"({"precision": {"default": "nvfp4"},
                                  "training": {"stats_interval": 5}})")),
            kExitCompleted);
  const std::string layer = "quant/blocks.1.attention.qkv/";
  EXPECT_THAT(Curve("a", layer + "gradient_zeros"), UnorderedElementsAre(Key(5), Key(10)));
  EXPECT_THAT(Curve("a", layer + "weight_error"),
              UnorderedElementsAre(Key(0), Key(5), Key(6), Key(10), Key(12)));
}

TEST_F(StatisticsRunsTest, OperandsThatAreNotQuantizedAreNotTold) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  EXPECT_THAT(NamesAt("a", 12), IsEmpty());
  ASSERT_EQ(Run("b", Document(R"({"precision": {"default": "fp4"}})")), kExitCompleted);
  EXPECT_EQ(NamesAt("b", 12).size(), 8u * 5);
}

struct Case {
  const char* name;
  const char* recipe;
  const char* training;
};

class LookTest : public StatisticsRunsTest, public testing::WithParamInterface<Case> {};

// The training goes its way to the bit, however often it is looked at.
TEST_P(LookTest, ChangesNothing) {
  const auto with = [](const std::string& training) {
    return absl::StrCat(R"({"model": {"dropout": 0.1}, "training": {"gradient_accumulation": 2)",
                        training, GetParam().training, R"(}, "precision": {"default": ")",
                        GetParam().recipe, R"("}})");
  };
  ASSERT_EQ(Run("seldom", Document(with(R"(, "stats_interval": 1000)"))), kExitCompleted);
  ASSERT_EQ(Run("often", Document(with(R"(, "stats_interval": 1)"))), kExitCompleted);
  EXPECT_EQ(LastState("often"), LastState("seldom"));
  EXPECT_EQ(Curve("often", "train/loss"), Curve("seldom", "train/loss"));
  EXPECT_EQ(Curve("often", "val/loss"), Curve("seldom", "val/loss"));
}

INSTANTIATE_TEST_SUITE_P(
    Recipes, LookTest,
    testing::Values(Case{"nvfp4", "nvfp4", ""}, Case{"ternary", "ternary", ""},
                    Case{"fp4_dge", "fp4-dge", ""}, Case{"qat_noise", "qat-noise", ""},
                    Case{"checkpointed", "nvfp4", R"(, "activation_checkpointing": true)"}),
    [](const auto& info) { return std::string(info.param.name); });

class NoFalseAlarmTest : public StatisticsRunsTest,
                         public testing::WithParamInterface<std::string> {};

// A usual run, looked at after every second update.
TEST_P(NoFalseAlarmTest, UsualRunIsWell) {
  const std::string document = absl::StrCat(
      R"({"model": {"d_model": 128, "d_ff": 256, "num_layers": 1}, "training": {"steps": 40,
          "micro_batch_size": 8, "eval_interval": 40, "stats_interval": 2},
          "precision": {"default": ")",
      GetParam(), R"("}})");
  ASSERT_EQ(Run("a", Document(document)), kExitCompleted);
  EXPECT_EQ(Findings("a"), "");
}

std::vector<std::string> LearningRecipes() {
  std::vector<std::string> names;
  for (const spec::BuiltinRecipe& recipe : spec::BuiltinRecipes()) {
    if (!recipe.name.ends_with("frozen")) names.emplace_back(recipe.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllRecipes, NoFalseAlarmTest, testing::ValuesIn(LearningRecipes()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

class FaultsTest : public StatisticsRunsTest {
 protected:
  std::string FindingsOf(const std::string& patch) {
    EXPECT_EQ(Run("a", Document(patch)), kExitCompleted);
    return Findings("a");
  }
};

// Each update moves a weight by about 100.
TEST_F(FaultsTest, WeightsBeyondTheirFormatAreFound) {
  const std::string found = FindingsOf(R"({"optimizer": {"learning_rate": 100},
      "training": {"stats_interval": 1},
      "precision": {"default": "raw", "recipes": {"raw": {
          "weights": {"format": "fp8_e4m3", "block": "none"}}}}})");
  EXPECT_THAT(found, HasSubstr("weight_range: up to step "));
  EXPECT_THAT(found, HasSubstr(" as fp8_e4m3: the largest weight is "));
  EXPECT_THAT(found, HasSubstr(", and the format reaches 448; "));
}

// Elements without a scale: most weights lie below half of the smallest number, 2^-10.
TEST_F(FaultsTest, WeightsThatBecomeZeroAreFound) {
  EXPECT_THAT(
      FindingsOf(R"({"model": {"init_std": 1e-4}, "training": {"stats_interval": 1},
      "optimizer": {"learning_rate": 1e-6},
      "precision": {"default": "raw", "recipes": {"raw": {
          "weights": {"format": "fp8_e4m3", "block": "none"}}}}})"),
      HasSubstr("underflow: up to step 2, weights of blocks.0.attention.qkv as fp8_e4m3: "));
}

}  // namespace
}  // namespace fp4::trainer
