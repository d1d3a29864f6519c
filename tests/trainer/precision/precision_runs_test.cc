// Whole runs under every recipe, estimator and change of precision over time: a stopped and resumed
// run ends with the state of one that was not, activation checkpointing changes no bit, and what is
// switched off leaves the baseline as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

struct Case {
  const char* name;
  const char* precision;
  const char* model = R"({"dropout": 0.1})";
};

// Of a model of 32 and 64 wide matrices and micro-batches of 32 rows.
const Case kCases[] = {
    {"fp4", R"({"default": "fp4"})"},
    {"nvfp4", R"({"default": "nvfp4"})"},
    {"mxfp4_rotated_by_32",
     R"({"rules": [{"match": "blocks.**", "use": "mxfp4",
         "dgrad": {"gradients": {"hadamard": 32}, "weights": {"hadamard": 32}},
         "wgrad": {"gradients": {"hadamard": 32}, "activations": {"hadamard": 32}}}]})"},
    {"ternary", R"({"default": "ternary"})"},
    {"ternary_with_sub_norms_and_grouped_queries", R"({"default": "ternary"})",
     R"({"dropout": 0.1, "sub_norm": true, "num_kv_heads": 1, "activation": "swiglu"})"},
    {"fp8_everywhere",
     R"({"rules": [{"match": "**", "use": "baseline", "weights": "fp8_e4m3"},
                   {"match": "blocks.**", "use": "baseline", "weights": "fp8_e4m3",
                    "activations": "fp8_e4m3", "gradients": "fp8_e5m2"}]})"},
    {"from_forward",
     R"({"rules": [{"match": "blocks.**", "use": "nvfp4",
         "dgrad": {"weights": {"format": "nvfp4", "block": "1x16", "source": "forward"}},
         "wgrad": {"activations": {"format": "nvfp4", "source": "forward"}}}]})"},
    {"fp4_dge", R"({"default": "fp4-dge"})"},
    {"qat_noise", R"({"default": "qat-noise"})"},
    {"lsq", R"({"rules": [{"match": "blocks.**", "use": "int4", "weights": {"block": 32},
                           "estimator": "lsq"}]})"},
    {"quest",
     R"({"rules": [{"match": "blocks.**", "use": "mxfp4-weights", "estimator": "quest"}]})"},
    {"schedule", R"({"default": "nvfp4", "schedule": [
         {"from_step": 3, "fprop": "none"},
         {"from_step": 6, "match": "blocks.1.**", "use": "baseline"}]})"},
    {"adaptive",
     R"({"default": "fp4", "adaptive": {"error_above": 0.1, "patience": 2, "dwell": 1}})"},
    {"adaptive_by_gradient",
     R"({"default": "fp4", "adaptive": {"gradient_above": 0.02, "patience": 1, "dwell": 2}})"},
    {"de_oscillation", R"({"default": "fp4", "de_oscillation": {"period": 3, "ratio": 1}})"},
    {"de_oscillation_of_a_schedule",
     R"({"default": "fp4", "de_oscillation": {"from_step": 2, "period": 2, "ratio": 1},
         "schedule": [{"from_step": 4, "match": "blocks.0.**", "use": "mxfp4-weights"}]})"},
};

class PrecisionRunsTest : public TrainingFixture, public testing::WithParamInterface<Case> {
 protected:
  // `more`: fields before those of the case's precision.
  std::string With(const std::string& training, const std::string& more = "") const {
    const std::string precision = GetParam().precision;
    return Document(absl::StrCat(R"({"model": )", GetParam().model, R"(, "training": )", training,
                                 R"(, "precision": {)", more, precision.substr(1), "}"));
  }
};

TEST_P(PrecisionRunsTest, ResumedRunEndsWithTheStateOfOneThatWasNotStopped) {
  const std::string document = With(R"({"steps": 8, "gradient_accumulation": 2})");
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  for (const int stop : {3, 6}) {
    const std::string name = absl::StrCat("stopped", stop);
    ASSERT_EQ(Run(name, document, StopAfter(stop)), kExitStopped);
    ASSERT_EQ(Run(name, document), kExitCompleted);
    EXPECT_EQ(LastState(name), LastState("whole")) << stop;
    EXPECT_EQ(Curve(name, "train/loss"), Curve("whole", "train/loss")) << stop;
    EXPECT_EQ(Curve(name, "val/loss"), Curve("whole", "val/loss")) << stop;
  }
}

TEST_P(PrecisionRunsTest, ActivationCheckpointingChangesNoBit) {
  ASSERT_EQ(Run("plain", With(R"({"steps": 7})")), kExitCompleted);
  ASSERT_EQ(Run("checkpointed", With(R"({"steps": 7, "activation_checkpointing": true})")),
            kExitCompleted);
  EXPECT_EQ(LastState("plain"), LastState("checkpointed"));
}

TEST_P(PrecisionRunsTest, PackedWeightsChangeNoBit) {
  ASSERT_EQ(Run("decoded", With(R"({"steps": 7})")), kExitCompleted);
  ASSERT_EQ(Run("packed", With(R"({"steps": 7})", R"("packed_weights": true, )")), kExitCompleted);
  EXPECT_EQ(LastState("decoded"), LastState("packed"));
  EXPECT_EQ(Curve("decoded", "val/loss"), Curve("packed", "val/loss"));
}

INSTANTIATE_TEST_SUITE_P(Recipes, PrecisionRunsTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

class PrecisionOverTimeTest : public TrainingFixture {
 protected:
  std::string State(const std::string& name, const std::string& precision) {
    EXPECT_EQ(Run(name, Document(absl::StrCat(R"({"precision": )", precision, "}"))),
              kExitCompleted);
    return LastState(name);
  }
};

TEST_F(PrecisionOverTimeTest, WhatNeverSwitchesLeavesEveryBitAsItIs) {
  const std::string baseline = State("baseline", R"({"default": "fp4"})");
  EXPECT_EQ(State("schedule",
                  R"({"default": "fp4",
                      "schedule": [{"from_step": 3, "match": "blocks.**", "use": "fp4"}]})"),
            baseline);
  // A watched run keeps the state of its watching beside an equal model.
  State("adaptive", R"({"default": "fp4", "adaptive": {"error_above": 1e6}})");
  EXPECT_EQ(Curve("adaptive", "train/loss"), Curve("baseline", "train/loss"));
  EXPECT_EQ(Curve("adaptive", "val/loss"), Curve("baseline", "val/loss"));
}

TEST_F(PrecisionOverTimeTest, ScheduleFromTheFirstStepIsThatPrecision) {
  EXPECT_EQ(
      State("late", R"({"schedule": [{"from_step": 1, "match": "blocks.**", "use": "fp4"}]})"),
      State("always", R"({"default": "fp4"})"));
}

TEST_F(PrecisionOverTimeTest, EvaluationUsesThePrecisionOfItsOwnUpdate) {
  const char* training = R"("training": {"steps": 6, "eval_interval": 3})";
  ASSERT_EQ(
      Run("switched", Document(absl::StrCat("{", training, R"(, "precision": {"default": "fp4",
                "schedule": [{"from_step": 4, "use": "baseline"}]}})"))),
      kExitCompleted);
  ASSERT_EQ(
      Run("fp4", Document(absl::StrCat("{", training, R"(, "precision": {"default": "fp4"}})"))),
      kExitCompleted);
  EXPECT_EQ(Curve("switched", "val/loss").at(3), Curve("fp4", "val/loss").at(3));
  EXPECT_NE(Curve("switched", "val/loss").at(6), Curve("fp4", "val/loss").at(6));
  EXPECT_FALSE(Curve("switched", "quant/blocks.0.mlp.up/weight_error").contains(6));
}

TEST_F(PrecisionOverTimeTest, SwitchOfAdaptivePrecisionIsToldWithItsNumbers) {
  State("a",
        R"({"default": "fp4", "adaptive": {"match": "blocks.0.mlp.up", "error_above": 0.01}})");
  const auto switches = EventsOf<spec::PrecisionSwitchEvent>("a");
  ASSERT_EQ(switches.size(), 1u);
  EXPECT_EQ(switches[0].layer, "blocks.0.mlp.up");
  EXPECT_EQ(switches[0].to, "high");
  EXPECT_EQ(switches[0].step, 3);
  EXPECT_GT(switches[0].error, 0.01);
  EXPECT_EQ(switches[0].error_above, 0.01);
  EXPECT_GT(switches[0].gradient, 0);
}

TEST_F(PrecisionOverTimeTest, LearnedScaleIsAParameterWithItsOwnState) {
  State("a", R"({"default": "qat-noise"})");
  EXPECT_EQ(EventsOf<spec::HealthEvent>("a").size(), 0u);
}

}  // namespace
}  // namespace fp4::trainer
