// Runs that are advised on their capacity, and fp4-train --advise.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "spec/score_table.h"
#include "tests/trainer/training_fixture.h"
#include "trainer/sensitivity_table.h"

namespace fp4::trainer {
namespace {

using nlohmann::json;

class AdviceRunsTest : public TrainingFixture {
 protected:
  // What fp4-train --advise prints of the last checkpoint of the run.
  json Advice(const std::string& run, const std::string& document) {
    Options options;
    options.device = "cpu";
    options.advise = EventsOf<spec::CheckpointEvent>(run).back().path;
    options.json = true;
    options.document = folder_ / "advised.json";
    std::ofstream(options.document) << document;
    const SelectedRun selected = SelectRun(options);
    for (const std::string& problem : selected.problems) ADD_FAILURE() << problem;
    std::ostringstream out;
    EXPECT_EQ(WriteAdvice(options, selected, NeverStop, out), kExitCompleted);
    return json::parse(out.str());
  }
};

const json& MoveOf(const json& advice, const std::string& name) {
  const auto& moves = advice["moves"];
  const auto found = std::find_if(moves.begin(), moves.end(),
                                  [&name](const json& move) { return move["move"] == name; });
  EXPECT_NE(found, moves.end()) << name << " in " << advice.dump();
  return *found;
}

// Two linear layers find the principal components, and one value more the next of them: that of
// generated vectors has 1.5^-2j + noise^2 of the variance, over 16 elements.
TEST_F(AdviceRunsTest, LinearAutoencodersGainTheNextPrincipalComponents) {
  const std::string document =
      R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": [16, 3, 16]},
          "data": {"source": "vectors"}, "training": {"steps": 800, "micro_batch_size": 64,
          "eval_batches": 32, "eval_interval": 800, "compute_dtype": "fp32"},
          "optimizer": {"learning_rate": 0.01, "weight_decay": 0},
          "resources": {"gpus": 0, "cpu_threads": 1}})";
  ASSERT_EQ(Run("a", document), kExitCompleted);
  const json advice = Advice("a", document);
  const auto component = [](int j) { return (std::pow(1.5, -2 * j) + 0.05 * 0.05) / 16; };
  double gain = 0;
  for (const int units : {1, 2, 4}) {
    gain = 0;
    for (int j = 3; j < 3 + units; ++j) gain += component(j);
    const json& move = MoveOf(advice, "layers.0-plus-" + std::to_string(units));
    EXPECT_NEAR(move["gain"].get<double>(), gain, 0.15 * gain) << move.dump();
    EXPECT_EQ(move["extra_bytes"], units * 2 * 16 * 4);
    EXPECT_EQ(move["change"]["model"]["layer_sizes"][1], 3 + units);
  }
  EXPECT_EQ(advice["moves"][0]["move"], "layers.0-plus-1") << "the most per byte";
}

TEST_F(AdviceRunsTest, ALayerThatIsTooCoarseIsNamedFirst) {
  const std::string document =
      R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": [32, 8, 32]},
          "data": {"source": "vectors"}, "training": {"steps": 400, "micro_batch_size": 64,
          "eval_batches": 32, "eval_interval": 400, "compute_dtype": "fp32"},
          "optimizer": {"learning_rate": 0.01},
          "precision": {"default": "int8", "rules": [{"match": "layers.1", "use": "binary"}]},
          "sensitivity": {"every": 400, "micro_batches": 8, "formats": ["int8", "baseline"],
                          "advise": true},
          "resources": {"gpus": 0, "cpu_threads": 1}})";
  ASSERT_EQ(Run("a", document), kExitCompleted);
  const auto events = EventsOf<spec::SensitivityEvent>("a");
  ASSERT_EQ(events.size(), 1u);
  const auto table = spec::ParseScoreTable(events[0].step, events[0].json);
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_FALSE(table->moves.empty());
  EXPECT_EQ(table->moves[0].move.kind, spec::MoveKind::kBits);
  EXPECT_EQ(table->moves[0].move.layer, "layers.1");
  EXPECT_GT(table->moves[0].gain, 3 * table->moves[0].standard_error);
}

TEST_F(AdviceRunsTest, TransformersAreAdvisedToo) {
  const std::string transformer = Document(
      R"({"precision": {"default": "int8"}, "sensitivity": {"every": 12, "formats": ["baseline"], "advise": true}})");
  ASSERT_EQ(Run("transformer", transformer), kExitCompleted);
  const auto events = EventsOf<spec::SensitivityEvent>("transformer");
  ASSERT_EQ(events.size(), 1u);
  const auto table = spec::ParseScoreTable(12, events[0].json);
  EXPECT_EQ(std::ranges::count(table->moves, spec::MoveKind::kUnits,
                               [](const auto& move) { return move.move.kind; }),
            3);
  for (const spec::PredictedMove& move : table->moves)
    EXPECT_TRUE(std::isfinite(move.gain)) << move.move.name();
}

}  // namespace
}  // namespace fp4::trainer
