// fp4-train --evaluate: the weights of a run, measured afterwards.
#include "trainer/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class EvaluationTest : public TrainingFixture {
 protected:
  struct Answer {
    int exit_status = -1;
    std::string output, error;
    nlohmann::json json() const { return nlohmann::json::parse(output); }
  };

  Answer Evaluate(const std::string& weights, const std::string& document, bool json = true) {
    Options options;
    options.device = "cpu";
    options.evaluate = weights;
    options.json = json;
    options.document = folder_ / "evaluated.json";
    std::ofstream(options.document) << document;
    const SelectedRun selected = SelectRun(options);
    for (const std::string& problem : selected.problems) ADD_FAILURE() << problem;
    std::ostringstream out;
    testing::internal::CaptureStderr();
    Answer answer;
    answer.exit_status = EvaluateCheckpoint(options, selected, NeverStop, out);
    answer.error = testing::internal::GetCapturedStderr();
    answer.output = out.str();
    return answer;
  }

  std::string LastCheckpoint(const std::string& run) const {
    return EventsOf<spec::CheckpointEvent>(run).back().path;
  }
};

TEST_F(EvaluationTest, GivesWhatTheRunItselfMeasuredAtThatStep) {
  // A learned scale, a change of precision by step, layers that were switched by what was measured,
  // weights that are rounded otherwise in training.
  const char* patches[] = {
      R"({"precision": {"default": "fp4"}})",
      R"({"precision": {"default": "qat-noise"}})",
      R"({"precision": {"default": "fp4", "schedule": [{"from_step": 9, "fprop": "none"}]}})",
      R"({"precision": {"default": "fp4",
                        "adaptive": {"error_above": 0.01, "patience": 1, "dwell": 1}}})",
      R"({"precision": {"budget": {"weight_bits": 10, "candidates": ["nf4", "int8", "baseline"],
                                   "from_step": 2, "every": 3, "micro_batches": 3, "dwell": 0}}})",
      R"({"optimizer": {"masters": "bf16"}})"};
  for (const char* patch : patches) {
    SCOPED_TRACE(patch);
    fs::remove_all(folder_ / "a");
    ASSERT_EQ(Run("a", Document(patch)), kExitCompleted);

    const Answer answer = Evaluate(LastCheckpoint("a"), Document(patch));

    ASSERT_EQ(answer.exit_status, kExitCompleted) << answer.error;
    EXPECT_EQ(answer.json().at("step"), 12);
    for (const char* metric : {"val/loss", "val/accuracy", "quant/blocks.0.mlp.up/weight_error"}) {
      const std::map<int64_t, double> told = Curve("a", metric);
      if (!told.contains(12)) continue;
      EXPECT_EQ(answer.json().at("values").at(metric), told.at(12)) << metric;
    }
  }
}

TEST_F(EvaluationTest, MeasuresWeightsUnderAnotherPrecisionAndWritesNothing) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  const auto tree = [&] {
    std::map<std::string, fs::file_time_type> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "a"))
      files[entry.path()] = entry.last_write_time();
    return files;
  };
  const auto before = tree();
  const std::string fp4 = Document(R"({"precision": {"default": "fp4"}})");

  const Answer plain = Evaluate(LastCheckpoint("a") + "/state.safetensors", Document());
  const Answer quantized = Evaluate(LastCheckpoint("a"), fp4);
  const Answer text = Evaluate(LastCheckpoint("a"), fp4, /*json=*/false);

  ASSERT_EQ(quantized.exit_status, kExitCompleted) << quantized.error;
  EXPECT_NE(plain.json()["values"]["val/loss"], quantized.json()["values"]["val/loss"]);
  EXPECT_FALSE(plain.json()["values"].contains("quant/blocks.1.mlp.down/weight_error"));
  EXPECT_GT(quantized.json()["values"]["quant/blocks.1.mlp.down/weight_error"], 0);
  EXPECT_THAT(text.output, HasSubstr("val/loss"));
  EXPECT_THAT(text.output, testing::ContainsRegex("blocks.1.mlp.down +[0-9.e-]+ +[0-9.]+\n"));
  EXPECT_EQ(tree(), before);
}

TEST_F(EvaluationTest, WeightsWithoutTheStateOfSwitchesAreMeasuredWithoutThem) {
  const std::string adaptive =
      Document(R"({"precision": {"default": "fp4", "adaptive": {"error_above": 1e6}}})");
  ASSERT_EQ(Run("a", Document()), kExitCompleted);

  const Answer answer = Evaluate(LastCheckpoint("a"), adaptive);
  const Answer fp4 =
      Evaluate(LastCheckpoint("a"), Document(R"({"precision": {"default": "fp4"}})"));

  ASSERT_EQ(answer.exit_status, kExitCompleted) << answer.error;
  EXPECT_THAT(answer.error, HasSubstr("no layer is taken for switched"));
  EXPECT_EQ(answer.json()["values"]["val/loss"], fp4.json()["values"]["val/loss"]);
}

TEST_F(EvaluationTest, NamesWhatCannotBeMeasured) {
  ASSERT_EQ(Run("a", Document()), kExitCompleted);
  const std::string folder = LastCheckpoint("a");
  fs::copy(folder, folder_ / "damaged");
  std::ofstream(folder_ / "damaged" / "state.safetensors", std::ios::app) << "x";
  std::ofstream(folder_ / "text.safetensors") << "no such file format";
  struct Row {
    std::string weights;
    const char* patch;
    int exit_status;
    const char* error;
  };
  const Row rows[] = {{folder_ / "a", "{}", kExitBadDocument,
                       "is the folder of a run; name one of its checkpoints"},
                      {folder_ / "none", "{}", kExitBadDocument, "none"},
                      {folder_, "{}", kExitBadDocument, "no checkpoint in"},
                      {folder_ / "damaged", "{}", kExitFailed, "its manifest says"},
                      {folder_ / "text.safetensors", "{}", kExitBadDocument, "text.safetensors"},
                      {folder, R"({"model": {"d_ff": 32}})", kExitBadDocument,
                       "blocks.0.mlp.up.weight has shape [64, 32], the model's is [32, 32]"},
                      {folder, R"({"model": {"num_layers": 1}})", kExitBadDocument,
                       "blocks.1.mlp.up.weight is not in the model"},
                      {folder, R"({"model": {"activation": "swiglu"}})", kExitBadDocument,
                       "blocks.0.mlp.gate.weight is missing"}};
  for (const Row& row : rows) {
    const Answer answer = Evaluate(row.weights, Document(row.patch));
    EXPECT_EQ(answer.exit_status, row.exit_status) << row.weights << row.patch;
    EXPECT_THAT(answer.error, HasSubstr(row.error));
    EXPECT_EQ(answer.output, "");
  }
}

}  // namespace
}  // namespace fp4::trainer
