// Runs that measure what layers would cost, and runs that act on it.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "spec/score_table.h"
#include "tests/trainer/sensitivity/decisions_fixture.h"
#include "trainer/evaluation.h"
#include "trainer/sensitivity_table.h"

namespace fp4::trainer {
namespace {

using nlohmann::json;

class SensitivityRunsTest : public DecisionsFixture {
 protected:
  // What fp4-train prints of the last checkpoint of `run` under `document`: with --sensitivity, or
  // with --evaluate.
  json Measured(const std::string& run, const std::string& document, bool scores) {
    Options options;
    options.device = "cpu";
    const std::string weights = EventsOf<spec::CheckpointEvent>(run).back().path;
    (scores ? options.sensitivity : options.evaluate) = weights;
    options.json = true;
    options.document = folder_ / "measured.json";
    std::ofstream(options.document) << document;
    const SelectedRun selected = SelectRun(options);
    for (const std::string& problem : selected.problems) ADD_FAILURE() << problem;
    std::ostringstream out;
    const int status = scores ? WriteSensitivityTable(options, selected, NeverStop, out)
                              : EvaluateCheckpoint(options, selected, NeverStop, out);
    EXPECT_EQ(status, kExitCompleted);
    return json::parse(out.str());
  }

  // Of each pair of the document's section `sensitivity`, at the last checkpoint of `run`.
  std::vector<double> PredictedByTrue(const std::string& run, json document) {
    const json table = Measured(run, document.dump(), true);
    document.erase("sensitivity");
    const double base = Measured(run, document.dump(), false)["values"]["val/loss"];
    std::vector<double> ratios;
    for (const json& layer : table["layers"]) {
      for (const json& score : layer["scores"]) {
        json changed = document;
        changed["precision"]["rules"] = {{{"match", layer["layer"]}, {"use", score["recipe"]}}};
        const double now = Measured(run, changed.dump(), false)["values"]["val/loss"];
        ratios.push_back(score["loss_change"].get<double>() / (now - base));
      }
    }
    return ratios;
  }
};

constexpr char kBudget[] =
    R"("precision": {"budget": {"weight_bits": 10, "candidates": ["nf4", "int8", "baseline"],
    "from_step": 2, "every": 3, "micro_batches": 3, "dwell": 0}})";

// Recipes whose weights, activations and gradients draw random numbers; accumulation;
// checkpointing.
TEST_F(SensitivityRunsTest, MeasuringChangesNoBitOfTheRun) {
  const char* precisions[] = {
      R"({"default": "baseline"})", R"({"default": "qat-noise"})",
      R"({"rules": [{"match": "blocks.**", "use": "fp4", "weights": {"rounding": "stochastic"},
          "gradients": {"format": "mxfp4", "rounding": "stochastic"}}]})"};
  int number = 0;
  for (const char* precision : precisions) {
    const std::string plain = Document(absl::StrCat(
        R"({"model": {"dropout": 0.1}, "training": {"gradient_accumulation": 2, "activation_checkpointing": true},
            "precision": )",
        precision, "}"));
    json measured = json::parse(plain);
    measured["sensitivity"] = {{"every", 3}, {"advise", true}};
    const std::string off = absl::StrCat("off", number), on = absl::StrCat("on", number);
    ASSERT_EQ(Run(off, plain), kExitCompleted);
    ASSERT_EQ(Run(on, measured.dump()), kExitCompleted);
    EXPECT_EQ(LastState(on), LastState(off)) << precision;
    EXPECT_EQ(Curve(on, "val/loss"), Curve(off, "val/loss")) << precision;
    EXPECT_EQ(EventsOf<spec::SensitivityEvent>(off).size(), 0u);
    EXPECT_EQ(EventsOf<spec::SensitivityEvent>(on).size(), 4u);
    ++number;
  }
}

TEST_F(SensitivityRunsTest, EveryLayerHasItsScores) {
  ASSERT_EQ(
      Run("a",
          Document(
              R"({"sensitivity": {"every": 12, "micro_batches": 2, "formats": ["nf4", "nvfp4", "baseline"]}})")),
      kExitCompleted);
  const auto events = EventsOf<spec::SensitivityEvent>("a");
  ASSERT_EQ(events.size(), 1u);
  const auto table = spec::ParseScoreTable(events[0].step, events[0].json);
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->layers.size(), 8u);
  EXPECT_EQ(table->targets, 2 * 4 * 16);
  for (const spec::LayerScores& layer : table->layers) {
    ASSERT_EQ(layer.scores.size(), 3u) << layer.layer;
    EXPECT_GT(layer.scores[0].second_order, 0);
    EXPECT_GT(layer.scores[0].standard_error, 0);
    EXPECT_EQ(layer.scores[0].gradient_divergence, 0);
    EXPECT_GT(layer.scores[1].gradient_divergence, 0);
    EXPECT_EQ(layer.scores[2].loss_change, 0) << "the layer is computed so already";
  }
}

TEST_F(SensitivityRunsTest, PredictionIsNearTheTrueChangeOfTheLoss) {
  json document = json::parse(
      R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": [64, 32, 16, 32, 64]},
      "data": {"source": "vectors"}, "training": {"steps": 300, "micro_batch_size": 32, "eval_batches": 32,
      "eval_interval": 1000, "compute_dtype": "fp32"}, "resources": {"gpus": 0, "cpu_threads": 1}})");
  document["sensitivity"] = {{"formats", {"nvfp4-weights", "nvfp4"}}};
  ASSERT_EQ(Run("a", document.dump()), kExitCompleted);
  const std::vector<double> ratios = PredictedByTrue("a", document);
  ASSERT_EQ(ratios.size(), 8u);
  for (const double ratio : ratios) {
    EXPECT_GT(ratio, 0.6);
    EXPECT_LT(ratio, 1.6);
  }
}

// At the output of the convolution itself it would be a quarter of the truth: values cross the kink
// of the ReLU.
TEST_F(SensitivityRunsTest, PredictionOfAConvolutionKnowsWhatStandsBehindIt) {
  const json document = json::parse(
      R"({"name": "a", "model": {"preset": "cnn-small", "channels": [8, 16], "image_size": 8}, "data": {"source": "images"},
      "training": {"steps": 150, "micro_batch_size": 32, "eval_batches": 64, "eval_interval": 1000,
      "compute_dtype": "fp32"}, "lr_schedule": {"warmup_steps": 20}, "resources": {"gpus": 0, "cpu_threads": 1},
      "sensitivity": {"match": "stages.1.conv", "formats": ["binary"]}})");
  ASSERT_EQ(Run("a", document.dump()), kExitCompleted);
  const std::vector<double> ratios = PredictedByTrue("a", document);
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_GT(ratios[0], 0.6);
  EXPECT_LT(ratios[0], 1.6);
}

TEST_F(SensitivityRunsTest, BudgetIsKeptAndItsDecisionsAreTold) {
  ASSERT_EQ(Run("a", Document(absl::StrCat("{", kBudget, "}"))), kExitCompleted);
  const std::vector<spec::Decision> decisions = DecisionsOf("a");
  ASSERT_EQ(decisions.size(), 4u);  // after 2, 5, 8 and 11
  EXPECT_TRUE(decisions[0].changed);
  EXPECT_EQ(decisions[0].changes.size(), 8u);
  for (const spec::Decision& decision : decisions) {
    EXPECT_GT(decision.bytes, 0);
    EXPECT_LE(decision.bytes, decision.limit_bytes);
    EXPECT_EQ(decision.assignment.size(), 8u);
    EXPECT_EQ(decision.scores.layers.size(), 8u);
    EXPECT_FALSE(decision.why.empty());
  }
}

TEST_F(SensitivityRunsTest, ResumedBetweenAndAfterDecisionsEndsWithTheSameState) {
  const std::string document = Document(absl::StrCat("{", kBudget, "}"));
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  for (const int stop : {1, 2, 3, 4, 5, 6}) {
    const std::string name = absl::StrCat("stopped", stop);
    ASSERT_EQ(Run(name, document, StopAfter(stop)), kExitStopped);
    ASSERT_EQ(Run(name, document), kExitCompleted);
    EXPECT_EQ(LastState(name), LastState("whole")) << stop;
    EXPECT_EQ(Curve(name, "val/loss"), Curve("whole", "val/loss")) << stop;
    EXPECT_EQ(EventsOf<spec::DecisionEvent>(name).size(), 4u) << stop;
  }
}

TEST_F(SensitivityRunsTest, BudgetOfOneCandidateIsThatPrecision) {
  ASSERT_EQ(
      Run("budget", Document(R"({"precision": {"budget": {"weight_bits": 32, "candidates": ["nf4"],
                                        "switch": "raise-only", "from_step": 2, "every": 4}}})")),
      kExitCompleted);
  ASSERT_EQ(Run("always", Document(R"({"precision": {"default": "nf4"}})")), kExitCompleted);
  EXPECT_EQ(Curve("budget", "train/loss"), Curve("always", "train/loss"));
  EXPECT_EQ(Curve("budget", "val/loss"), Curve("always", "val/loss"));
}

// Records that are images and vectors, layers without a gradient at their input.
TEST_F(SensitivityRunsTest, OtherKindsOfModelsAreScoredToo) {
  const char* documents[] = {
      R"({"name": "a", "model": {"preset": "cnn-small", "channels": [4, 8], "image_size": 8}, "data": {"source": "images"})",
      R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": [16, 8, 16]}, "data": {"source": "vectors"})"};
  int number = 0;
  for (const char* start : documents) {
    const std::string name = absl::StrCat("kind", number++);
    ASSERT_EQ(
        Run(name, absl::StrCat(
                      start, R"(, "training": {"steps": 4, "micro_batch_size": 4, "eval_batches": 2,
        "compute_dtype": "fp32"}, "lr_schedule": {"warmup_steps": 0}, "resources": {"gpus": 0, "cpu_threads": 1},
        "sensitivity": {"every": 2, "match": "**", "formats": ["fp8", "int8"]}})")),
        kExitCompleted);
    const auto events = EventsOf<spec::SensitivityEvent>(name);
    ASSERT_EQ(events.size(), 2u);
    const auto table = spec::ParseScoreTable(4, events[1].json);
    for (const spec::LayerScores& layer : table->layers) {
      ASSERT_FALSE(layer.scores.empty()) << layer.layer;
      EXPECT_GT(layer.scores[0].second_order, 0) << layer.layer;
    }
  }
}

}  // namespace
}  // namespace fp4::trainer
