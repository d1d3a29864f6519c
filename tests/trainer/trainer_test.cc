// Whole runs: bit identity, resume, what ends a run, what it tells.
#include "trainer/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;

class TrainerTest : public TrainingFixture {};

constexpr char kFp4[] = R"({"precision": {"default": "fp4"}})";
constexpr char kFrozen[] = R"({"precision": {"default": "fp4-frozen"}})";

// The same tensors with a NaN in the first of them.
void Poison(const fs::path& from, const fs::path& to) {
  safetensors::File file = *safetensors::File::Open(from);
  std::vector<safetensors::TensorView> tensors = file.tensors();
  std::vector<std::byte> bytes(tensors[0].data.begin(), tensors[0].data.end());
  float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data(), &nan, sizeof nan);
  tensors[0].data = bytes;
  ASSERT_TRUE(safetensors::Write(to, tensors, {}).ok());
}

TEST_F(TrainerTest, CompletedRunTellsItsWholeCourse) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  EXPECT_EQ(Curve("a", "train/loss").size(), 12u);
  EXPECT_LT(Curve("a", "train/loss").at(12), Curve("a", "train/loss").at(1));
  for (const char* metric : {"val/loss", "val/accuracy", "val/perplexity", "val/excess_loss"}) {
    std::map<int64_t, double> curve = Curve("a", metric);
    ASSERT_EQ(curve.size(), 3u) << metric;
    EXPECT_TRUE(curve.contains(0) && curve.contains(6) && curve.contains(12)) << metric;
  }
  EXPECT_TRUE(std::holds_alternative<spec::StartedEvent>(Events("a").front().kind));
  EXPECT_EQ(EventsOf<spec::FinishedEvent>("a").back().status, "completed");
  EXPECT_TRUE(EventsOf<spec::HealthEvent>("a").empty());
}

TEST_F(TrainerTest, MetricsThatAreNotDueAreNotTold) {
  ASSERT_EQ(
      Run("a", Document(R"({"training": {"steps": 7, "log_interval": 3, "eval_interval": 100}})")),
      kExitCompleted);
  EXPECT_THAT(Curve("a", "train/loss"),
              ElementsAre(testing::Key(3), testing::Key(6), testing::Key(7)));
  EXPECT_THAT(Curve("a", "val/loss"), ElementsAre(testing::Key(0), testing::Key(7)));
}

TEST_F(TrainerTest, TwoRunsOfOneDocumentEndWithEqualStates) {
  ASSERT_EQ(Run("a", Document(kFp4)), kExitCompleted);
  ASSERT_EQ(Run("b", Document(kFp4)), kExitCompleted);
  EXPECT_EQ(LastState("a"), LastState("b"));
  EXPECT_EQ(Curve("a", "train/loss"), Curve("b", "train/loss"));
}

TEST_F(TrainerTest, StoppedAndResumedRunEndsWithTheStateOfOneThatWasNot) {
  const char* patch =
      R"({"precision": {"default": "fp4"}, "model": {"dropout": 0.1}, "training": {"gradient_accumulation": 2}})";
  ASSERT_EQ(Run("whole", Document(patch)), kExitCompleted);

  ASSERT_EQ(Run("halves", Document(patch), StopAfter(5)), kExitStopped);
  EXPECT_EQ(EventsOf<spec::FinishedEvent>("halves").back().status, "stopped");
  ASSERT_EQ(Run("halves", Document(patch)), kExitCompleted);

  EXPECT_EQ(LastState("halves"), LastState("whole"));
  EXPECT_EQ(Curve("halves", "train/loss"), Curve("whole", "train/loss"));
  EXPECT_EQ(Curve("halves", "val/loss"), Curve("whole", "val/loss"));
}

TEST_F(TrainerTest, CrashedRunGoesOnFromTheNewestCheckpointAsTheNextAttempt) {
  ASSERT_EQ(Run("whole", Document()), kExitCompleted);
  ASSERT_EQ(Run("a", Document(), StopAfter(6)), kExitStopped);
  fs::remove_all(folder_ / "a" / "checkpoints" /
                 "step-00000006.attempt-1");  // as if killed after step 4's

  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  EXPECT_EQ(LastState("a"), LastState("whole"));
  EXPECT_EQ(Events("a").back().attempt, 2);
  for (size_t i = 0; i < Events("a").size(); ++i)
    EXPECT_EQ(Events("a")[i].seq, static_cast<int64_t>(i) + 1);
}

TEST_F(TrainerTest, CorruptCheckpointIsPassedOverWithALogEvent) {
  ASSERT_EQ(Run("whole", Document()), kExitCompleted);
  ASSERT_EQ(Run("a", Document(), StopAfter(6)), kExitStopped);
  fs::path state = folder_ / "a/checkpoints/step-00000006.attempt-1/state.safetensors";
  std::fstream(state, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end)
      << 'x';

  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  EXPECT_THAT(
      EventsOf<spec::LogEvent>("a").front().message + EventsOf<spec::LogEvent>("a").at(1).message,
      HasSubstr("corrupt checkpoint passed over"));
  EXPECT_EQ(LastState("a"), LastState("whole"));
}

TEST_F(TrainerTest, ActivationCheckpointingChangesNoBit) {
  ASSERT_EQ(Run("a", Document(R"({"model": {"dropout": 0.1}})")), kExitCompleted);
  ASSERT_EQ(
      Run("b",
          Document(
              R"({"model": {"dropout": 0.1}, "training": {"activation_checkpointing": true}})")),
      kExitCompleted);
  EXPECT_EQ(LastState("a"), LastState("b"));
}

TEST_F(TrainerTest, CompletedRunStartedAgainAppendsNothing) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  std::string log = *ReadFile(folder_ / "a" / "events.jsonl");
  EXPECT_EQ(Run("a", Document()), kExitCompleted);
  EXPECT_EQ(*ReadFile(folder_ / "a" / "events.jsonl"), log);
}

TEST_F(TrainerTest, AnotherDocumentInTheSameDirectoryIsRefused) {
  ASSERT_EQ(Run("a", Document(), StopAfter(2)), kExitStopped);
  std::string log = *ReadFile(folder_ / "a" / "events.jsonl");
  EXPECT_EQ(Run("a", Document(R"({"optimizer": {"learning_rate": 0.5}})")), kExitBadDocument);
  EXPECT_EQ(*ReadFile(folder_ / "a" / "events.jsonl"), log);
}

TEST_F(TrainerTest, ChangedDataIsRefused) {
  fs::path tokens = folder_ / "tokens.bin";
  auto write = [&](char last) {
    std::ofstream(tokens, std::ios::binary) << std::string(4000, '\0') + last + '\0';
  };
  std::string document =
      Document(R"({"data": {"source": "tokens", "paths": [")" + tokens.string() + R"("]}})");
  write(1);
  ASSERT_EQ(Run("a", document, StopAfter(2)), kExitStopped);
  write(2);

  EXPECT_EQ(Run("a", document), kExitFailed);
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason, HasSubstr("data has changed"));
}

TEST_F(TrainerTest, FrozenLayersAreReportedOnceAndByName) {
  ASSERT_EQ(Run("a", Document(kFrozen), StopAfter(8)), kExitStopped);
  ASSERT_EQ(Run("a", Document(kFrozen)), kExitCompleted);

  std::vector<std::string> layers;
  for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>("a")) {
    EXPECT_EQ(event.code, "frozen_layer");
    EXPECT_EQ(event.severity, "error");
    layers.push_back(event.layer);
  }
  EXPECT_THAT(layers, UnorderedElementsAre("blocks.0.attention.qkv", "blocks.0.attention.out",
                                           "blocks.0.mlp.up", "blocks.0.mlp.down",
                                           "blocks.1.attention.qkv", "blocks.1.attention.out",
                                           "blocks.1.mlp.up", "blocks.1.mlp.down"));
  std::map<int64_t, double> error = Curve("a", "quant/blocks.0.mlp.up/weight_error");
  EXPECT_EQ(error.at(0), error.at(12));
}

TEST_F(TrainerTest, TrainableFp4IsNotReported) {
  ASSERT_EQ(Run("a", Document(kFp4)), kExitCompleted);
  EXPECT_TRUE(EventsOf<spec::HealthEvent>("a").empty());
  std::map<int64_t, double> error = Curve("a", "quant/blocks.0.mlp.up/weight_error");
  EXPECT_GT(error.at(0), 0);
  EXPECT_NE(error.at(0), error.at(12));
}

TEST_F(TrainerTest, FormatThatKeepsEveryBitIsTheBaselineBitForBit) {
  ASSERT_EQ(Run("baseline", Document()), kExitCompleted);
  ASSERT_EQ(
      Run("fp32",
          Document(
              R"({"precision": {"default": "exact", "recipes": {"exact": {"weights": {"format": "fp32"}}}}})")),
      kExitCompleted);
  EXPECT_EQ(LastState("fp32"), LastState("baseline"));
}

TEST_F(TrainerTest, LossThatIsNotFiniteStopsTheRunBeforeTheUpdate) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  fs::path poisoned = folder_ / "poisoned.safetensors";
  Poison(EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors", poisoned);

  ASSERT_EQ(Run("b", Document(R"({"model": {"initialize_from": ")" + poisoned.string() + R"("}})")),
            kExitFailed);

  spec::FinishedEvent finished = EventsOf<spec::FinishedEvent>("b").back();
  EXPECT_EQ(finished.status, "failed");
  EXPECT_THAT(finished.reason, HasSubstr("non_finite: at step 1 the loss is nan"));
  EXPECT_EQ(EventsOf<spec::HealthEvent>("b").back().code, "non_finite");
  EXPECT_TRUE(std::isnan(Curve("b", "val/loss").at(0)));
  EXPECT_TRUE(Curve("b", "train/loss").empty());
  EXPECT_EQ(LastState("b"), "");
}

TEST_F(TrainerTest, NoStepsMeansToEvaluateOnly) {
  ASSERT_EQ(Run("a", Document(R"({"lr_schedule": {"warmup_steps": 0}, "training": {"steps": 0}})")),
            kExitCompleted);
  EXPECT_THAT(Curve("a", "val/loss"), ElementsAre(testing::Key(0)));
  EXPECT_TRUE(Curve("a", "train/loss").empty());
}

TEST_F(TrainerTest, CheckpointGivesAnotherRunItsWeights) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  std::string state = EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors";
  ASSERT_EQ(
      Run("b",
          Document(
              R"({"lr_schedule": {"warmup_steps": 0}, "training": {"steps": 0}, "model": {"initialize_from": ")" +
              state + R"("}})")),
      kExitCompleted);
  EXPECT_EQ(Curve("b", "val/loss").at(0), Curve("a", "val/loss").at(12));
}

TEST_F(TrainerTest, GivenWeightsOfAnotherModelAreRefusedTensorByTensor) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  std::string state = EventsOf<spec::CheckpointEvent>("a").back().path + "/state.safetensors";
  std::string document = Document(
      R"({"model": {"num_layers": 1, "d_ff": 48, "tie_embeddings": false, "initialize_from": ")" +
      state + R"("}})");
  EXPECT_EQ(Run("b", document), kExitBadDocument);
  std::string reason = EventsOf<spec::FinishedEvent>("b").back().reason;
  EXPECT_THAT(reason, HasSubstr("lm_head.weight is missing"));
  EXPECT_THAT(reason, HasSubstr("blocks.1.mlp.up.weight is not in the model"));
  EXPECT_THAT(reason,
              HasSubstr("blocks.0.mlp.up.weight has shape [64, 32], the model's is [48, 32]"));
}

TEST_F(TrainerTest, Bf16TrainsAndResumesBitForBit) {
  const char* patch =
      R"({"precision": {"default": "fp4"}, "training": {"compute_dtype": "bf16", "steps": 6}})";
  ASSERT_EQ(Run("a", Document(patch)), kExitCompleted);
  ASSERT_EQ(Run("b", Document(patch), StopAfter(3)), kExitStopped);
  ASSERT_EQ(Run("b", Document(patch)), kExitCompleted);
  EXPECT_EQ(LastState("a"), LastState("b"));
  EXPECT_LT(Curve("a", "train/loss").at(6), Curve("a", "train/loss").at(1));
}

class ModelOptionsTest : public TrainingFixture, public testing::WithParamInterface<const char*> {};

TEST_P(ModelOptionsTest, Trains) {
  std::string document =
      Document(std::string(R"({"training": {"steps": 8}, "model": )") + GetParam() + "}");
  ASSERT_EQ(Run("a", document), kExitCompleted);
  EXPECT_LT(Curve("a", "val/loss").at(8), Curve("a", "val/loss").at(0));
}

INSTANTIATE_TEST_SUITE_P(
    Options, ModelOptionsTest,
    testing::Values(R"({"activation": "swiglu", "tie_embeddings": false})",
                    R"({"activation": "gelu", "norm": "layernorm"})",
                    R"({"activation": "relu2", "embedding_scale": true})",
                    R"({"rotary_axis": "heads", "rotary_frequencies": "half-truncated"})",
                    R"({"rotary_axis": "none", "dropout": 0.2})"));

TEST_F(TrainerTest, UnknownDeviceIsSaid) {
  options_.device = "cuda:0";
  EXPECT_EQ(Run("a", Document()), kExitFailed);
  EXPECT_THAT(EventsOf<spec::FinishedEvent>("a").back().reason,
              HasSubstr("machine_fault: --device cuda:0"));
}

}  // namespace
}  // namespace fp4::trainer
