// The memory that runs report, against what their documents and checkpoints say.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

class MemoryRunsTest : public TrainingFixture {
 protected:
  // The last value that a run told.
  double Told(const std::string& run, const std::string& part) const {
    const std::map<int64_t, double> curve = Curve(run, "memory/" + part + "_bytes");
    return curve.empty() ? -1 : curve.rbegin()->second;
  }

  double NumParameters(const std::string& run) const {
    const auto started = EventsOf<spec::StartedEvent>(run).front();
    return nlohmann::json::parse(started.json).at("num_parameters").get<double>();
  }

  // Of the moments in the last checkpoint.
  double StoredMoments(const std::string& run) const {
    const std::string path = EventsOf<spec::CheckpointEvent>(run).back().path;
    const safetensors::File file = *safetensors::File::Open(path + "/state.safetensors");
    double bytes = 0;
    for (const safetensors::TensorView& tensor : file.tensors()) {
      if (tensor.name.starts_with("optimizer.") && !tensor.name.starts_with("optimizer.step."))
        bytes += static_cast<double>(tensor.data.size());
    }
    return bytes;
  }
};

// In the two blocks of the fixture's model: qkv, out, up, down.
constexpr double kBlockWeights = 2 * (3 * 32 * 32 + 32 * 32 + 64 * 32 + 32 * 64);
constexpr double kEmbedding = 64 * 32;

struct Case {
  const char* name;
  const char* patch;
  double master, gradient;  // bytes a value
  double decoded;           // bytes
};

constexpr Case kCases[] = {
    {"baseline", R"({})", 4, 4, 0},
    {"accumulation", R"({"training": {"gradient_accumulation": 3}})", 4, 4, 0},
    {"bf16 compute", R"({"training": {"compute_dtype": "bf16"}})", 4, 4,
     2 * (kBlockWeights + kEmbedding)},
    {"fp4", R"({"precision": {"default": "fp4"}})", 4, 4, 4 * kBlockWeights},
    {"small states", R"({"optimizer": {"masters": "bf16", "gradients": "bf16", "states": "8bit"},
                         "model": {"d_ff": 128}})",
     2, 2, -1},
    {"muon", R"({"optimizer": {"name": "muon"}})", 4, 4, 0},
};

TEST_F(MemoryRunsTest, PartsAreWhatTheDocumentAsksFor) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.name);
    ASSERT_EQ(Run(each.name, Document(each.patch)), kExitCompleted);

    const double parameters = NumParameters(each.name);
    EXPECT_EQ(Told(each.name, "masters"), each.master * parameters);
    EXPECT_EQ(Told(each.name, "gradients"), each.gradient * parameters);
    EXPECT_EQ(Told(each.name, "optimizer_state"), StoredMoments(each.name));
    if (each.decoded < 0) continue;
    EXPECT_EQ(Told(each.name, "decoded_weights"), each.decoded);
  }
}

TEST_F(MemoryRunsTest, PartsAddUp) {
  ASSERT_EQ(Run("a", Document(R"({"precision": {"default": "fp4"}})")), kExitCompleted);

  const double weights =
      Told("a", "masters") + Told("a", "quantized_weights") + Told("a", "decoded_weights");
  const double kept = weights + Told("a", "optimizer_state");
  EXPECT_EQ(Told("a", "state"), kept + Told("a", "gradients"));
  EXPECT_EQ(Told("a", "allocated"), kept + Told("a", "other"));
  EXPECT_GE(Told("a", "peak"), Told("a", "allocated"));
  EXPECT_GT(Told("a", "activations"), 0);
}

TEST_F(MemoryRunsTest, ActivationsGrowWithTheMicroBatchAndNothingElseDoes) {
  ASSERT_EQ(Run("small", Document(R"({"training": {"micro_batch_size": 8}})")), kExitCompleted);
  ASSERT_EQ(Run("large", Document(R"({"training": {"micro_batch_size": 64}})")), kExitCompleted);

  EXPECT_EQ(Told("small", "state"), Told("large", "state"));
  EXPECT_NEAR(Told("large", "activations") / Told("small", "activations"), 8, 1.5);
  EXPECT_GE(Told("large", "peak") - Told("small", "peak"),
            0.9 * (Told("large", "activations") - Told("small", "activations")));
}

TEST_F(MemoryRunsTest, PackedWeightsTakeWhatTheFormatSays) {
  ASSERT_EQ(Run("a", Document(R"({"precision": {"default": "fp4", "packed_weights": true}})")),
            kExitCompleted);

  EXPECT_EQ(Told("a", "quantized_weights"), kBlockWeights * 4.5 / 8);
  EXPECT_EQ(Told("a", "decoded_weights"), 0);
  EXPECT_EQ(Told("a", "packed_weights"), kBlockWeights * 4.5 / 8 + kEmbedding * 4);
}

TEST_F(MemoryRunsTest, TellsWhatStaysTheSameOnce) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  EXPECT_EQ(Curve("a", "memory/masters_bytes").size(), 1u);
  EXPECT_EQ(Curve("a", "memory/packed_weights_bytes").size(), 1u);
  EXPECT_EQ(Curve("a", "memory/peak_bytes").size(), 12u);
}

}  // namespace
}  // namespace fp4::trainer
