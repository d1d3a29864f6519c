// Whole runs with steps that leave the usual, under every action of training.on_anomaly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"
#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

// Sixteen tokens a record, four records a step, in order. One token occurs in the records of the
// steps that are named and nowhere else; its embedding is not finite.
class PoisonedStepsTest : public TrainingFixture {
 protected:
  static constexpr int kPoison = 63;
  static constexpr int kRecordsOfAStep = 4, kTokens = 16;

  std::string Tokens(const std::string& name, int num_steps, const std::set<int>& poisoned) {
    std::string bytes;
    for (int step = 1; step <= num_steps; ++step) {
      for (int i = 0; i < kRecordsOfAStep * kTokens; ++i) {
        const bool here = poisoned.contains(step) && i == 20;
        bytes += static_cast<char>(here ? kPoison : (step * 7 + i * i) % 60);
        bytes += '\0';
      }
    }
    bytes += std::string(2, '\0');
    const fs::path file = folder_ / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }

  // Weights like those that a run begins with, but for one row.
  std::string PoisonedWeights() {
    EXPECT_EQ(Run("begin", Document(R"({"model": {"tie_embeddings": false},
                  "training": {"steps": 2, "eval_interval": 1}})")),
              kExitCompleted);
    const std::string from =
        EventsOf<spec::CheckpointEvent>("begin").back().path + "/state.safetensors";
    safetensors::File file = *safetensors::File::Open(from);
    std::vector<safetensors::TensorView> tensors = file.tensors();
    std::vector<std::byte> bytes;
    for (safetensors::TensorView& tensor : tensors) {
      if (tensor.name != "embedding.weight") continue;
      bytes.assign(tensor.data.begin(), tensor.data.end());
      const float nan = std::numeric_limits<float>::quiet_NaN();
      std::memcpy(bytes.data() + bytes.size() / 64 * kPoison, &nan, sizeof nan);
      tensor.data = bytes;
    }
    const fs::path to = folder_ / "poisoned.safetensors";
    EXPECT_TRUE(safetensors::Write(to, tensors, {}).ok());
    return to.string();
  }

  // A run of 10 steps whose steps `poisoned` cannot be computed.
  std::string Poisoned(const std::string& action, const std::set<int>& poisoned) {
    return Document(absl::StrCat(
        R"({"model": {"tie_embeddings": false, "initialize_from": ")", PoisonedWeights(),
        R"("}, "data": {"source": "tokens", "shuffle": false, "paths": [")",
        Tokens("training.bin", 40, poisoned), R"("], "validation_paths": [")",
        Tokens("validation.bin", 2, {}), R"("]}, "training": {"steps": 10, "eval_interval": 5)",
        action.empty() ? "" : R"(, "on_anomaly": {"action": ")" + action + R"("})", "}}"));
  }

  std::vector<std::string> Findings(const std::string& name) const {
    std::vector<std::string> messages;
    for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>(name))
      messages.push_back(absl::StrCat(event.code, " in ", event.layer, ": ", event.message));
    return messages;
  }
};

TEST_F(PoisonedStepsTest, StopNamesStepLayerAndTensor) {
  EXPECT_EQ(Run("a", Poisoned("", {5})), kExitFailed);
  EXPECT_THAT(
      Findings("a"),
      ElementsAre("non_finite in embedding: at step 5 the loss is nan, and the first tensor "
                  "that is not finite is the weight of embedding; the update was not "
                  "applied"));
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason,
              HasSubstr("non_finite: at step 5 the loss is nan"));
}

TEST_F(PoisonedStepsTest, SkipLeavesTheStepOutAndGoesOn) {
  ASSERT_EQ(Run("a", Poisoned("skip", {5, 7})), kExitCompleted);
  EXPECT_EQ(Findings("a").size(), 2u);
  const std::map<int64_t, double> loss = Curve("a", "train/loss");
  ASSERT_EQ(loss.size(), 10u);
  EXPECT_TRUE(std::isnan(loss.at(5)) && std::isnan(loss.at(7)));
  EXPECT_TRUE(std::isfinite(loss.at(6)) && std::isfinite(loss.at(10)));
  EXPECT_TRUE(std::isfinite(Curve("a", "val/loss").at(10)));
}

TEST_F(PoisonedStepsTest, LogAppliesNothingThatIsNotFinite) {
  ASSERT_EQ(Run("skip", Poisoned("skip", {5})), kExitCompleted);
  ASSERT_EQ(Run("log", Poisoned("log", {5})), kExitCompleted);
  EXPECT_EQ(LastState("log"), LastState("skip"));
}

TEST_F(PoisonedStepsTest, FourInARowEndTheRun) {
  EXPECT_EQ(Run("three", Poisoned("skip", {4, 5, 6})), kExitCompleted);
  EXPECT_EQ(Run("four", Poisoned("skip", {4, 5, 6, 7})), kExitFailed);
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("four").back().reason,
              HasSubstr("non_finite: at step 7 the loss is nan, and the first tensor that is not "
                        "finite is the weight of embedding; the update was not applied, nor were "
                        "those of the 3 steps before it"));
}

TEST_F(PoisonedStepsTest, RollbackGoesToTheLastCheckpointAndTakesOtherBatches) {
  ASSERT_EQ(Run("a", Poisoned("rollback", {7})), kExitCompleted);
  ASSERT_EQ(Findings("a").size(), 1u);
  EXPECT_THAT(Findings("a")[0],
              HasSubstr("the run goes back to step 4 and passes over the batches of steps 5 to 7"));
  // Up to step 4 all is as without the anomaly; step 5 then takes the batch of step 8.
  ASSERT_EQ(Run("b", Poisoned("rollback", {})), kExitCompleted);
  EXPECT_EQ(Curve("a", "train/loss").at(4), Curve("b", "train/loss").at(4));
  EXPECT_NE(Curve("a", "train/loss").at(5), Curve("b", "train/loss").at(5));
  EXPECT_EQ(Curve("a", "train/loss").size(), 10u);
  EXPECT_EQ(Curve("a", "train/learning_rate"), Curve("b", "train/learning_rate"));
}

TEST_F(PoisonedStepsTest, RollbackBeforeTheFirstCheckpointGoesToTheFirstValues) {
  ASSERT_EQ(Run("a", Poisoned("rollback", {2})), kExitCompleted);
  EXPECT_THAT(Findings("a")[0],
              HasSubstr("the run goes back to step 0 and passes over the batches of steps 1 to 2"));
}

// The batches of steps 5 to 7, then 8 and so on: whatever follows step 4 is poisoned.
TEST_F(PoisonedStepsTest, FourthReturnToOneCheckpointEndsTheRun) {
  EXPECT_EQ(Run("a", Poisoned("rollback", {5, 6, 7, 8})), kExitFailed);
  EXPECT_EQ(Findings("a").size(), 4u);
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason,
              HasSubstr("the run has gone back to step 4 3 times already"));
}

TEST_F(PoisonedStepsTest, LayerWhoseOutputOverflowsIsNamedWithItsMicroBatch) {
  ASSERT_EQ(Run("a", Document(R"({"model": {"init_std": 10, "activation": "relu2"},
                "training": {"compute_dtype": "fp16", "gradient_accumulation": 2}})")),
            kExitFailed);
  EXPECT_THAT(Findings("a").back(), HasSubstr("the first tensor that is not finite is the "));
  EXPECT_THAT(Findings("a").back(), HasSubstr(" in micro-batch 1 of 2; the loss scale is 1"));
  EXPECT_NE(EventsOf<spec::HealthEvent>("a").back().layer, "");
}

struct Case {
  const char* name;
  const char* training;  // beside the anomalies
  const char* rest;
};

// So small a sigma makes anomalies of usual steps.
const Case kCases[] = {
    {"log", R"("on_anomaly": {"action": "log", "window": 8, "sigma": 1.2})", ""},
    {"skip", R"("on_anomaly": {"action": "skip", "window": 8, "sigma": 1.2})", ""},
    {"rollback", R"("on_anomaly": {"action": "rollback", "window": 8, "sigma": 2.5})", ""},
    {"skip_of_noisy_weights", R"("on_anomaly": {"action": "skip", "window": 8, "sigma": 1.2})",
     R"("precision": {"default": "qat-noise"},)"},
    {"skip_in_fp16",
     R"("compute_dtype": "fp16", "loss_scale": {"initial": 1e9, "growth_interval": 2},
        "on_anomaly": {"action": "skip", "window": 8, "sigma": 1.2})",
     R"("optimizer": {"name": "muon"},)"},
    {"rollback_of_a_schedule", R"("on_anomaly": {"action": "rollback", "window": 8, "sigma": 4})",
     R"("precision": {"default": "nvfp4", "schedule": [{"from_step": 6, "fprop": "none"}]},)"},
    {"rollback_with_adaptive_precision",
     R"("on_anomaly": {"action": "rollback", "window": 8, "sigma": 2.5})",
     R"("precision": {"default": "fp4",
                      "adaptive": {"gradient_above": 0.02, "patience": 1, "dwell": 2},
                      "de_oscillation": {"period": 3, "ratio": 1}},)"},
};

class AnomalyRunsTest : public TrainingFixture, public testing::WithParamInterface<Case> {
 protected:
  std::string Anomalous() const {
    return Document(absl::StrCat("{", GetParam().rest,
                                 R"("model": {"dropout": 0.1}, "checkpoint": {"keep_last": 1},
        "training": {"steps": 16, "gradient_accumulation": 2, "micro_batch_size": 1, )",
                                 GetParam().training, "}}"));
  }
};

TEST_P(AnomalyRunsTest, StoppedRunGoesThroughTheSameAnomaliesAsOneThatWasNot) {
  ASSERT_EQ(Run("whole", Anomalous()), kExitCompleted);
  EXPECT_FALSE(EventsOf<spec::HealthEvent>("whole").empty());
  for (const int stop : {5, 6, 9, 13}) {
    const std::string name = absl::StrCat("stopped", stop);
    ASSERT_EQ(Run(name, Anomalous(), StopAfter(stop)), kExitStopped);
    ASSERT_EQ(Run(name, Anomalous()), kExitCompleted);
    EXPECT_EQ(LastState(name), LastState("whole")) << stop;
    EXPECT_EQ(Curve(name, "train/loss"), Curve("whole", "train/loss")) << stop;
    EXPECT_EQ(Curve(name, "val/loss"), Curve("whole", "val/loss")) << stop;
  }
}

INSTANTIATE_TEST_SUITE_P(Actions, AnomalyRunsTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

class AnomalyTest : public TrainingFixture {};

TEST_F(AnomalyTest, WhatIsNeverUnusualChangesNoValue) {
  ASSERT_EQ(Run("stop", Document()), kExitCompleted);
  for (const char* action : {"log", "skip", "rollback"}) {
    ASSERT_EQ(Run(action, Document(absl::StrCat(R"({"training": {"on_anomaly": {"action": ")",
                                                action, R"(", "sigma": 1000}}})"))),
              kExitCompleted);
    EXPECT_EQ(Curve(action, "train/loss"), Curve("stop", "train/loss")) << action;
    EXPECT_EQ(Curve(action, "val/loss"), Curve("stop", "val/loss")) << action;
    EXPECT_TRUE(EventsOf<spec::HealthEvent>(action).empty()) << action;
  }
}

TEST_F(AnomalyTest, Fp16OverflowThatASmallerScaleMendsIsNone) {
  const char* training = R"({"training": {"compute_dtype": "fp16", "steps": 4,
      "loss_scale": {"initial": 549755813888}, "on_anomaly": {"action": "skip"}}})";
  ASSERT_EQ(Run("a", Document(training)), kExitCompleted);
  EXPECT_LT(Curve("a", "train/loss_scale").at(1), 0x1p39);
  EXPECT_TRUE(EventsOf<spec::HealthEvent>("a").empty());
}

TEST_F(AnomalyTest, SkippedStepLeavesTheWeightsAsTheyAre) {
  // Of so small a sigma some usual steps are left out.
  const std::string document = Document(R"({"checkpoint": {"interval_steps": 1, "keep_last": 99},
      "training": {"steps": 16, "micro_batch_size": 1,
                   "on_anomaly": {"action": "skip", "window": 8, "sigma": 1.2}}})");
  ASSERT_EQ(Run("a", document), kExitCompleted);
  const std::vector<spec::CheckpointEvent> saved = EventsOf<spec::CheckpointEvent>("a");
  int num_left_out = 0;
  for (const spec::HealthEvent& finding : EventsOf<spec::HealthEvent>("a")) {
    int step = 0;
    ASSERT_EQ(std::sscanf(finding.message.c_str(), "at step %d", &step), 1);
    ++num_left_out;
    const auto before = *safetensors::File::Open(saved.at(step - 2).path + "/state.safetensors");
    const auto after = *safetensors::File::Open(saved.at(step - 1).path + "/state.safetensors");
    for (const safetensors::TensorView& tensor : before.tensors()) {
      if (tensor.name.starts_with("training.anomaly.")) continue;
      EXPECT_TRUE(std::ranges::equal(tensor.data, after.Find(tensor.name)->data))
          << tensor.name << " of step " << step;
    }
  }
  EXPECT_GT(num_left_out, 0);
}

}  // namespace
}  // namespace fp4::trainer
