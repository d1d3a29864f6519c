// Runs under a budget in measured seconds, and what a budget of training computes beside what runs
// measure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "spec/budget/training_memory.h"
#include "spec/document.h"
#include "spec/score_table.h"
#include "tests/trainer/sensitivity/decisions_fixture.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;

class BudgetRunsTest : public DecisionsFixture {
 protected:
  // The most that a metric ever was.
  double Most(const std::string& run, const std::string& metric) const {
    double most = 0;
    for (const auto& [step, value] : Curve(run, metric)) most = std::max(most, value);
    return most;
  }

  std::string InSeconds(double seconds) const {
    return Document(absl::StrCat(R"({"precision": {"budget": {"step_seconds": )", seconds,
                                 R"(, "candidates": ["nf4", "int8", "baseline"], "from_step": 2,
                                 "every": 3, "micro_batches": 3, "dwell": 0}}})"));
  }
};

// A network that is trained in nf4 fits nf4; a budget that asked what a switch would do at once
// would find every other format worse, and keep nf4 where there is room for all.
TEST_F(BudgetRunsTest, ComparesFormatsByWhatTheyCostAndNotByWhatALayerHas) {
  ASSERT_EQ(Run("a", Document(R"({"training": {"steps": 60}, "precision": {"default": "nf4",
                "budget": {"weight_bits": 32, "candidates": ["nf4", "int8", "baseline"],
                           "from_step": 50, "micro_batches": 4}}})")),
            kExitCompleted);

  const spec::Decision decision = DecisionsOf("a").at(0);
  for (const spec::LayerScores& layer : decision.scores.layers) {
    SCOPED_TRACE(layer.layer);
    EXPECT_EQ(layer.current, "nf4");
    EXPECT_GT(layer.scores[0].loss_change, layer.scores[1].loss_change);
    EXPECT_GT(layer.scores[1].loss_change, 0);
    EXPECT_EQ(layer.scores[2].loss_change, 0) << "nothing is quantized";
    for (const spec::Score& score : layer.scores) EXPECT_EQ(score.first_order, 0);
  }
  for (const auto& [layer, recipe] : decision.assignment) EXPECT_EQ(recipe, "baseline") << layer;
  EXPECT_EQ(decision.predicted, 0);
}

TEST_F(BudgetRunsTest, InSecondsTellsWhatItHasMeasured) {
  ASSERT_EQ(Run("a", InSeconds(10)), kExitCompleted);

  const std::vector<spec::Decision> decisions = DecisionsOf("a");
  ASSERT_EQ(decisions.size(), 4u);
  for (const spec::Decision& decision : decisions) {
    EXPECT_EQ(decision.limit_seconds, 10);
    EXPECT_GT(decision.seconds, 0);
    EXPECT_LE(decision.seconds, 10);
    EXPECT_GT(decision.bytes, 0);
    double sum = 0;
    for (const spec::LayerScores& layer : decision.scores.layers) {
      ASSERT_EQ(layer.scores.size(), 3u);
      for (const spec::Score& score : layer.scores) {
        EXPECT_GT(score.seconds, 0) << layer.layer << " " << score.recipe;
        for (const auto& [name, recipe] : decision.assignment)
          if (name == layer.layer && recipe == score.recipe) sum += score.seconds;
      }
    }
    EXPECT_NEAR(decision.seconds, sum, 1e-8) << "of the assignment";
  }
  for (size_t i = 1; i < decisions.size(); ++i) {
    EXPECT_EQ(decisions[i].scores.layers[0].scores[0].seconds,
              decisions[0].scores.layers[0].scores[0].seconds)
        << "measured once";
  }
}

TEST_F(BudgetRunsTest, InSecondsBelowTheFastestFailsAndSaysTheLeast) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Run("a", InSeconds(1e-9)), kExitBadDocument);
  const std::string said = testing::internal::GetCapturedStderr();

  EXPECT_THAT(said, HasSubstr("precision.budget.step_seconds is 1e-09, and on this machine the "
                              "smallest assignment of these candidates takes "));
  EXPECT_EQ(EventsOf<spec::FinishedEvent>("a").back().status, "failed");
  EXPECT_TRUE(DecisionsOf("a").empty());
}

// The times are part of the state: another attempt would measure others.
TEST_F(BudgetRunsTest, InSecondsResumesAsItWasOnceItHasMeasured) {
  const std::string document = InSeconds(10);
  ASSERT_EQ(Run("a", document, StopAfter(4)), kExitStopped);
  const std::vector<spec::Decision> before = DecisionsOf("a");
  ASSERT_EQ(Run("a", document), kExitCompleted);

  const std::vector<spec::Decision> after = DecisionsOf("a");
  ASSERT_FALSE(before.empty());
  ASSERT_EQ(after.size(), 4u);
  for (size_t layer = 0; layer < after[0].scores.layers.size(); ++layer) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(after.back().scores.layers[layer].scores[i].seconds,
                before.front().scores.layers[layer].scores[i].seconds);
    }
  }
}

TEST_F(BudgetRunsTest, InSecondsMeasuringChangesNoBitOfTheRun) {
  // One candidate, so that only the measuring could make a difference.
  const std::string budget =
      R"({"training": {"gradient_accumulation": 2}, "precision": {"rules": [{"match": "blocks.**",
          "use": "fp4", "weights": {"rounding": "stochastic"}}], "budget": {LIMIT, "candidates": ["nvfp4"],
          "from_step": 3, "every": 100}}})";
  const auto with = [&](const std::string& limit) {
    std::string patch = budget;
    return Document(patch.replace(patch.find("LIMIT"), 5, limit));
  };
  ASSERT_EQ(Run("seconds", with(R"("step_seconds": 10)")), kExitCompleted);
  ASSERT_EQ(Run("bytes", with(R"("weight_bits": 30)")), kExitCompleted);
  EXPECT_EQ(Curve("seconds", "train/loss"), Curve("bytes", "train/loss"));
  EXPECT_EQ(Curve("seconds", "val/loss"), Curve("bytes", "val/loss"));
}

// Large enough that activations are most of it, and several micro-batches, so that all is held at
// once.
TEST_F(BudgetRunsTest, ComputedMemoryIsNearTheMeasuredOne) {
  const std::string start =
      R"({"model": {"d_model": 128, "d_ff": 256, "sequence_length": 64, "num_layers": 3)";
  const char* patches[] = {
      R"(}, "training": {"compute_dtype": "fp32")",
      R"(}, "training": {"compute_dtype": "bf16")",
      R"(}, "training": {"compute_dtype": "fp32", "activation_checkpointing": true)",
      R"(}, "training": {"compute_dtype": "bf16", "activation_checkpointing": true)",
      R"(, "activation": "swiglu", "norm": "layernorm", "num_kv_heads": 1}, "training": {"compute_dtype": "fp32")",
      R"(, "activation": "relu2", "sub_norm": true}, "training": {"compute_dtype": "bf16")",
      R"(, "vocab_size": 4096}, "training": {"compute_dtype": "fp32")"};
  int number = 0;
  for (const char* patch : patches) {
    SCOPED_TRACE(patch);
    const std::string document = Document(absl::StrCat(
        start, patch, R"(, "steps": 3, "micro_batch_size": 16, "gradient_accumulation": 2}})"));
    const std::string name = absl::StrCat("run", number++);
    ASSERT_EQ(Run(name, document), kExitCompleted);
    const auto read = spec::ReadExperiment(document, {}, {});

    const spec::TrainingMemory computed =
        spec::ComputeTrainingMemory(read.experiment.variants[0].run);

    const double state = Most(name, "memory/state_bytes");
    const double activations = Most(name, "memory/activations_bytes");
    EXPECT_EQ(static_cast<double>(computed.total() - computed.activations), state);
    EXPECT_NEAR(static_cast<double>(computed.activations) / activations, 1, 0.15);
  }
}

TEST_F(BudgetRunsTest, ComputedMemoryOfOtherKindsIsNearTheMeasuredOneToo) {
  const char* models[] = {
      R"("model": {"preset": "autoencoder-16", "layer_sizes": [256, 512, 64, 384, 256]}, "data": {"source": "vectors"})",
      R"("model": {"preset": "cnn-small"}, "data": {"source": "images"})",
      R"("model": {"preset": "cnn-small", "channels": [32, 32], "kernel": 5}, "data": {"source": "images"})"};
  int number = 0;
  for (const char* model : models) {
    for (const char* training : {R"("compute_dtype": "fp32")", R"("compute_dtype": "bf16")",
                                 R"("compute_dtype": "fp32", "activation_checkpointing": true)"}) {
      SCOPED_TRACE(absl::StrCat(model, training));
      const std::string document = absl::StrCat(
          R"({"name": "a", )", model,
          R"(, "training": {"steps": 3, "micro_batch_size": 64, "eval_batches": 1,
              "gradient_accumulation": 2, "log_interval": 1, )",
          training,
          R"(}, "lr_schedule": {"warmup_steps": 0}, "resources": {"gpus": 0, "cpu_threads": 1}})");
      const std::string name = absl::StrCat("kind", number++);
      ASSERT_EQ(Run(name, document), kExitCompleted);
      const auto read = spec::ReadExperiment(document, {}, {});

      const spec::TrainingMemory computed =
          spec::ComputeTrainingMemory(read.experiment.variants[0].run);

      EXPECT_EQ(static_cast<double>(computed.total() - computed.activations),
                Most(name, "memory/state_bytes"));
      EXPECT_NEAR(
          static_cast<double>(computed.activations) / Most(name, "memory/activations_bytes"), 1,
          0.15);
    }
  }
}

}  // namespace
}  // namespace fp4::trainer
