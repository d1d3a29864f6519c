// Whole runs under every optimizer, type of states, of masters and of gradients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"
#include "trainer/trainer.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;

// 64 x 64 values in the embedding: as many as small states begin with.
std::string Patch(const std::string& optimizer, const std::string& training = "") {
  return R"({"model": {"d_model": 64, "num_layers": 1, "d_ff": 96}, "precision": {"default": "fp4"},)"
         R"( "training": {"steps": 6, "eval_interval": 6, "gradient_accumulation": 2)" +
         training + R"(}, "optimizer": )" + optimizer + "}";
}

std::string Optimizer(const std::string& name, const std::string& states,
                      const std::string& masters, const std::string& gradients) {
  return R"({"name": ")" + name + R"(", "states": ")" + states + R"(", "masters": ")" + masters +
         R"(", "gradients": ")" + gradients + R"("})";
}

using Kind = std::tuple<std::string, std::string, std::string, std::string>;

class OptimizerRunsTest : public TrainingFixture, public testing::WithParamInterface<Kind> {};

TEST_P(OptimizerRunsTest, LearnsAndResumesBitForBit) {
  const auto& [name, states, masters, gradients] = GetParam();
  const std::string document = Document(Patch(Optimizer(name, states, masters, gradients)));
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  ASSERT_EQ(Run("halves", document, StopAfter(3)), kExitStopped);
  ASSERT_EQ(Run("halves", document), kExitCompleted);

  EXPECT_EQ(LastState("halves"), LastState("whole"));
  EXPECT_EQ(Curve("halves", "train/loss"), Curve("whole", "train/loss"));
  EXPECT_LT(Curve("whole", "val/loss").at(6), Curve("whole", "val/loss").at(0));
}

std::string NameOf(const testing::TestParamInfo<Kind>& info) {
  const auto& [name, states, masters, gradients] = info.param;
  return name + "_" + states + "_" + masters + "_" + gradients;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, OptimizerRunsTest,
                         testing::Combine(testing::Values("adamw", "muon"),
                                          testing::Values("fp32", "8bit", "4bit", "fp8"),
                                          testing::Values("fp32", "bf16"),
                                          testing::Values("fp32", "bf16")),
                         NameOf);

class OptimizerStateTest : public TrainingFixture {
 protected:
  safetensors::File StateOf(const std::string& run) const {
    return *safetensors::File::Open(EventsOf<spec::CheckpointEvent>(run).back().path +
                                    "/state.safetensors");
  }
};

TEST_F(OptimizerStateTest, CheckpointHoldsStatesAndMastersAsTheyAreKept) {
  using safetensors::TensorType;
  ASSERT_EQ(Run("a", Document(Patch(Optimizer("adamw", "4bit", "bf16", "bf16")))), kExitCompleted);
  const safetensors::File file = StateOf("a");
  struct Row {
    const char* name;
    TensorType type;
    size_t bytes;
  };
  for (const Row& row : {Row{"embedding.weight", TensorType::kBF16, 4096 * 2},
                         Row{"optimizer.exp_avg.embedding.weight", TensorType::kU8, 2048},
                         Row{"optimizer.exp_avg_scale.embedding.weight", TensorType::kF32, 32 * 4},
                         Row{"optimizer.exp_avg_sq.embedding.weight", TensorType::kU8, 2048},
                         Row{"optimizer.exp_avg.final_norm.weight", TensorType::kF32, 64 * 4},
                         Row{"final_norm.weight", TensorType::kBF16, 64 * 2}}) {
    const safetensors::TensorView* view = file.Find(row.name);
    ASSERT_NE(view, nullptr) << row.name;
    EXPECT_EQ(view->type, row.type) << row.name;
    EXPECT_EQ(view->data.size(), row.bytes) << row.name;
  }
}

TEST_F(OptimizerStateTest, Bf16CheckpointStartsAnFp32RunWithTheSameLoss) {
  ASSERT_EQ(Run("a", Document(Patch(Optimizer("adamw", "fp32", "bf16", "fp32")))), kExitCompleted);
  const std::string state = EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors";
  ASSERT_EQ(Run("b", Document(R"({"model": {"d_model": 64, "num_layers": 1, "d_ff": 96, )"
                              R"("initialize_from": ")" +
                              state +
                              R"("}, "precision": {"default": "fp4"}, )"
                              R"("lr_schedule": {"warmup_steps": 0}, "training": {"steps": 0}})")),
            kExitCompleted);
  EXPECT_NEAR(Curve("b", "val/loss").at(0), Curve("a", "val/loss").at(6), 1e-6);
}

TEST_F(OptimizerStateTest, MuonReportsItsRate) {
  ASSERT_EQ(Run("a", Document(Patch(R"({"name": "muon"})"))), kExitCompleted);
  EXPECT_NEAR(Curve("a", "train/muon_learning_rate").at(1), 0.01, 1e-12);  // half of warm-up
  EXPECT_EQ(Curve("a", "train/learning_rate").size(), 6u);
}

// Gradients of few bits change little: the curve stays close, and is not the same.
TEST_F(OptimizerStateTest, FewerBitsStayCloseToFp32) {
  ASSERT_EQ(Run("exact", Document(Patch("{}"))), kExitCompleted);
  const double exact = Curve("exact", "val/loss").at(6);
  int number = 0;
  for (const char* optimizer : {R"({"gradients": "bf16"})", R"({"masters": "bf16"})",
                                R"({"states": "8bit"})", R"({"states": "4bit"})"}) {
    const std::string run = "fewer-" + std::to_string(++number);
    ASSERT_EQ(Run(run, Document(Patch(optimizer))), kExitCompleted);
    EXPECT_NEAR(Curve(run, "val/loss").at(6), exact, 0.02) << optimizer;
    EXPECT_NE(LastState(run), LastState("exact")) << optimizer;
  }
}

class Fp16Test : public OptimizerStateTest {
 protected:
  static std::string WithScale(const std::string& scale) {
    return Patch(R"({"name": "muon"})", R"(, "compute_dtype": "fp16", "loss_scale": )" + scale);
  }
};

TEST_F(Fp16Test, TrainsAndResumesBitForBit) {
  const std::string document = Document(WithScale(R"({"growth_interval": 2})"));
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  ASSERT_EQ(Run("halves", document, StopAfter(3)), kExitStopped);
  ASSERT_EQ(Run("halves", document), kExitCompleted);
  EXPECT_EQ(LastState("halves"), LastState("whole"));
  EXPECT_EQ(Curve("whole", "train/loss_scale"), Curve("halves", "train/loss_scale"));
  EXPECT_LT(Curve("whole", "val/loss").at(6), Curve("whole", "val/loss").at(0));
  EXPECT_NE(StateOf("whole").Find("training.loss_scale"), nullptr);
}

// The scale is halved until the step fits, and all is as with that scale from the beginning.
TEST_F(Fp16Test, OverflowRepeatsTheStepWithHalfTheScaleAndChangesNothingElse) {
  ASSERT_EQ(Run("a", Document(WithScale(R"({"initial": 549755813888})"))), kExitCompleted);
  const double scale = Curve("a", "train/loss_scale").at(1);
  ASSERT_LT(scale, 0x1p39);
  ASSERT_GT(scale, 1);
  ASSERT_EQ(Run("b", Document(WithScale(R"({"initial": )" + std::to_string(scale) + "}"))),
            kExitCompleted);
  EXPECT_EQ(LastState("a"), LastState("b"));
  EXPECT_EQ(Curve("a", "train/loss"), Curve("b", "train/loss"));
}

TEST_F(Fp16Test, GradientsThatNeverFitEndTheRunAtItsStep) {
  // relu2 of such weights is beyond 65,504, whatever the loss is scaled by.
  ASSERT_EQ(Run("a", Document(R"({"model": {"init_std": 10, "activation": "relu2"},)"
                              R"( "training": {"compute_dtype": "fp16"}})")),
            kExitFailed);
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason,
              HasSubstr("non_finite: at step 1 "));
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason, HasSubstr("the loss scale is 1"));
  EXPECT_EQ(EventsOf<spec::HealthEvent>("a").back().code, "non_finite");
  EXPECT_TRUE(EventsOf<spec::CheckpointEvent>("a").empty());
}

}  // namespace
}  // namespace fp4::trainer
