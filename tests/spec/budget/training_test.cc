// What training holds by the document alone, and how a run is made to fit into it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "spec/budget/training_memory.h"
#include "spec/document.h"
#include "spec/model_tensors.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::HasSubstr;

constexpr char kModel[] =
    R"("name": "a", "model": {"preset": "micro", "d_model": 64, "d_ff": 256, "num_layers": 2, "num_heads": 4,
       "sequence_length": 64, "vocab_size": 128})";
constexpr int64_t kBlockWeights = 2 * (4 * 64 * 64 + 2 * 64 * 256);
constexpr int64_t kEmbedding = 128 * 64;
constexpr int64_t kParameters = kBlockWeights + kEmbedding + 5 * 64;

RunSpec RunOf(const std::string& sections) {
  return ReadRun(absl::StrCat("{", kModel, sections, "}"));
}

TEST(TrainingMemory, PartsFollowTheTypesOfTheDocument) {
  struct Case {
    const char* sections;
    int64_t masters, gradients, optimizer_state, weights;
  };
  constexpr int64_t kNorms = 5 * 64;
  constexpr int64_t kMatrices = kBlockWeights + kEmbedding;
  const Case cases[] = {
      {R"(, "training": {"compute_dtype": "fp32"})", 4 * kParameters, 4 * kParameters,
       8 * kParameters, 0},
      {R"(, "training": {"compute_dtype": "bf16"})", 4 * kParameters, 4 * kParameters,
       8 * kParameters, 2 * kMatrices},
      {R"(, "training": {"compute_dtype": "bf16"}, "optimizer": {"masters": "bf16", "gradients": "bf16",
          "states": "8bit"})",
       2 * kParameters, 2 * kParameters, 2 * kMatrices + 8 * kMatrices / 256 + 8 * kNorms, 0},
      {R"(, "training": {"compute_dtype": "fp32"}, "optimizer": {"states": "4bit"},
          "precision": {"default": "fp4"})",
       4 * kParameters, 4 * kParameters, kMatrices + 8 * kMatrices / 128 + 8 * kNorms,
       4 * kBlockWeights},
      {R"(, "training": {"compute_dtype": "fp32"}, "precision": {"default": "fp4", "packed_weights": true})",
       4 * kParameters, 4 * kParameters, 8 * kParameters, kBlockWeights * 9 / 16},
      {R"(, "training": {"compute_dtype": "fp32"}, "optimizer": {"name": "muon"},
          "precision": {"default": "frozen"})",
       4 * kParameters, 4 * (kParameters - kBlockWeights),
       4 * kBlockWeights + 8 * (kParameters - kBlockWeights), 0},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.sections);
    const TrainingMemory memory = ComputeTrainingMemory(RunOf(each.sections));
    EXPECT_EQ(memory.masters, each.masters);
    EXPECT_EQ(memory.gradients, each.gradients);
    EXPECT_EQ(memory.optimizer_state, each.optimizer_state);
    EXPECT_EQ(memory.weights, each.weights);
    EXPECT_GT(memory.activations, 0);
  }
}

std::string Budgeted(int64_t bytes, const std::string& training = "",
                     const std::string& optimizer = "") {
  return absl::StrCat(R"(, "training": {"compute_dtype": "bf16")", training, R"(}, "optimizer": {)",
                      optimizer, R"(}, "precision": {"budget": {"training_bytes": )", bytes, "}}");
}

int64_t Total(const std::string& training, const std::string& optimizer) {
  return ComputeTrainingMemory(
             RunOf(absl::StrCat(R"(, "training": {"compute_dtype": "bf16")", training,
                                R"(}, "optimizer": {)", optimizer, "}")))
      .total();
}

constexpr char kCheckpointing[] = R"(, "activation_checkpointing": true)";

// Each limit is just what the row's choice takes: one byte less asks for the next row's.
TEST(TrainingFit, TakesAsFewStepsAsAreNeededInTheirOrder) {
  struct Case {
    const char *training, *optimizer;
    bool checkpointing;
    OptimizerStates states;
    StoredDtype gradients, masters;
  };
  using enum OptimizerStates;
  constexpr auto kFull = StoredDtype::kFp32, kHalf = StoredDtype::kBf16;
  const Case cases[] = {
      {"", "", false, kFp32, kFull, kFull},
      {kCheckpointing, "", true, kFp32, kFull, kFull},
      {kCheckpointing, R"("states": "8bit")", true, k8Bit, kFull, kFull},
      {kCheckpointing, R"("states": "8bit", "gradients": "bf16")", true, k8Bit, kHalf, kFull},
      {kCheckpointing, R"("states": "8bit", "gradients": "bf16", "masters": "bf16")", true, k8Bit,
       kHalf, kHalf},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(absl::StrCat(each.training, each.optimizer));
    const RunSpec run = RunOf(Budgeted(Total(each.training, each.optimizer)));
    EXPECT_EQ(run.training.activation_checkpointing, each.checkpointing);
    EXPECT_EQ(run.optimizer.states, each.states);
    EXPECT_EQ(run.optimizer.gradients, each.gradients);
    EXPECT_EQ(run.optimizer.masters, each.masters);
    EXPECT_EQ(run.budget.limit, run.budget.training_bytes);
  }
}

TEST(TrainingFit, LeavesWhatIsGivenAsItIs) {
  const RunSpec run =
      RunOf(Budgeted(Total("", R"("states": "8bit", "gradients": "bf16")"),
                     R"(, "activation_checkpointing": false)", R"("states": "8bit")"));
  EXPECT_FALSE(run.training.activation_checkpointing);
  EXPECT_EQ(run.optimizer.gradients, StoredDtype::kBf16);
}

TEST(TrainingFit, SaysTheLeastThatTrainingTakesWhereNothingFits) {
  const ReadResult refused = ReadExperiment(absl::StrCat("{", kModel, Budgeted(1000), "}"), {}, {});
  ASSERT_EQ(refused.problems.size(), 1u);
  const std::string& message = refused.problems[0].message;
  const std::string before = "is 1000; the least that training takes is ";
  ASSERT_THAT(message, HasSubstr(before));
  const int64_t least = std::stoll(message.substr(before.size()));

  EXPECT_TRUE(ReadExperiment(absl::StrCat("{", kModel, Budgeted(least), "}"), {}, {}).ok());
  EXPECT_FALSE(ReadExperiment(absl::StrCat("{", kModel, Budgeted(least - 1), "}"), {}, {}).ok());
  EXPECT_EQ(RunOf(Budgeted(least)).optimizer.states, OptimizerStates::k4Bit);
}

TEST(TrainingFit, IsWrittenIntoTheRunDocumentAndComesBack) {
  const ReadResult result = ReadExperiment(
      absl::StrCat("{", kModel, Budgeted(Total(kCheckpointing, R"("states": "8bit")")), "}"), {},
      {});
  ASSERT_TRUE(result.ok()) << result.problems[0].message;
  const std::string document = RunDocument(result.experiment.variants[0], 1);
  EXPECT_THAT(document, HasSubstr(R"("activation_checkpointing": true)"));
  EXPECT_THAT(document, HasSubstr(R"("states": "8bit")"));

  const ReadResult again = ReadExperiment(document, {}, {});

  ASSERT_TRUE(again.ok()) << again.problems[0].message;
  EXPECT_EQ(RunDocument(again.experiment.variants[0], 1), document);
}

}  // namespace
}  // namespace fp4::spec
