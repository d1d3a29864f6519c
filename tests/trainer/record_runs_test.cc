// Whole runs of models over images and vectors: they resume bit for bit under every kind of recipe
// and optimizer, and a file of theirs that changes ends them by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"
#include "safetensors/safetensors.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using testing::HasSubstr;

constexpr char kImages[] = R"({
  "schema_version": 1, "name": "images",
  "model": {"kind": "convnet", "channels": [8, 16], "image_size": 8, "image_channels": 2,
            "num_classes": 4}})";
constexpr char kVectors[] = R"({
  "schema_version": 1, "name": "vectors",
  "model": {"kind": "autoencoder", "layer_sizes": [32, 16, 4, 16, 32]}})";
constexpr char kShort[] = R"({
  "training": {"steps": 8, "micro_batch_size": 16, "gradient_accumulation": 2, "eval_interval": 4,
               "eval_batches": 2, "log_interval": 1, "compute_dtype": "fp32"},
  "lr_schedule": {"warmup_steps": 1},
  "checkpoint": {"interval_steps": 4, "keep_last": 10, "keep_best": 0},
  "resources": {"gpus": 0, "cpu_threads": 1},
  "seeds": [1]})";

class RecordRuns : public TrainingFixture {
 protected:
  static std::string Document(const char* base, const std::string& patch = "{}") {
    nlohmann::json document = nlohmann::json::parse(base);
    document.merge_patch(nlohmann::json::parse(kShort));
    document.merge_patch(nlohmann::json::parse(patch));
    return document.dump();
  }

  std::string Reason(const std::string& name) const {
    return EventsOf<spec::FinishedEvent>(name).back().reason;
  }

  std::string State(const std::string& name) const {
    return EventsOf<spec::CheckpointEvent>(name).back().path + "/state.safetensors";
  }
};

struct Case {
  const char* name;
  const char* model;
  const char* patch;
};

// The rows of a convolution's patches are 18 and 72 wide: of nvfp4 as blocks of 16 only the second
// fits, of whole rows both.
const Case kCases[] = {
    {"images_baseline", kImages, "{}"},
    {"images_fp4", kImages, R"({"precision": {"default": "fp4"}})"},
    {"images_ternary", kImages, R"({"precision": {"default": "ternary"}})"},
    {"images_fp8_everywhere", kImages,
     R"({"precision": {"rules": [{"match": "**", "use": "baseline", "weights": "fp8_e4m3",
         "activations": "fp8_e4m3", "gradients": {"format": "fp8_e5m2", "rounding": "stochastic"}}]}})"},
    {"images_qat_noise", kImages, R"({"precision": {"default": "qat-noise"}})"},
    {"images_fp4_dge", kImages, R"({"precision": {"default": "fp4-dge"}})"},
    {"images_schedule", kImages,
     R"({"precision": {"default": "fp4", "schedule": [{"from_step": 5, "match": "stages.1.**",
         "use": "baseline"}]}})"},
    {"images_de_oscillation", kImages,
     R"({"precision": {"default": "fp4", "de_oscillation": {"period": 3, "ratio": 1}}})"},
    {"images_adaptive", kImages,
     R"({"precision": {"default": "fp4", "adaptive": {"error_above": 0.05, "patience": 2, "dwell": 1}}})"},
    {"images_muon", kImages, R"({"optimizer": {"name": "muon"}, "precision": {"default": "fp4"}})"},
    {"images_bf16", kImages,
     R"({"optimizer": {"masters": "bf16", "gradients": "bf16"}, "precision": {"default": "int8"},
         "training": {"compute_dtype": "bf16"}})"},
    {"vectors_baseline", kVectors, "{}"},
    {"vectors_nvfp4", kVectors,
     R"({"precision": {"rules": [{"match": "layers.{0,1,3}", "use": "nvfp4-weights"}]}})"},
    {"vectors_fp4", kVectors, R"({"precision": {"default": "fp4"}})"},
    {"vectors_muon", kVectors, R"({"optimizer": {"name": "muon"}})"},
    {"vectors_fp16", kVectors, R"({"training": {"compute_dtype": "fp16"}})"},
};

class ResumedRecordRuns : public RecordRuns, public testing::WithParamInterface<Case> {};

TEST_P(ResumedRecordRuns, EndWithTheStateOfOneThatWasNotStopped) {
  const std::string document = Document(GetParam().model, GetParam().patch);
  ASSERT_EQ(Run("whole", document), kExitCompleted) << Reason("whole");
  ASSERT_EQ(Run("halves", document, StopAfter(3)), kExitStopped);
  ASSERT_EQ(Run("halves", document), kExitCompleted);
  EXPECT_EQ(LastState("halves"), LastState("whole"));
  EXPECT_EQ(Curve("halves", "train/loss"), Curve("whole", "train/loss"));
  EXPECT_EQ(Curve("halves", "val/loss"), Curve("whole", "val/loss"));
  for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>("whole"))
    EXPECT_NE(event.severity, "error") << event.message;
}

TEST_P(ResumedRecordRuns, ActivationCheckpointingChangesNoBit) {
  nlohmann::json document = nlohmann::json::parse(Document(GetParam().model, GetParam().patch));
  ASSERT_EQ(Run("plain", document.dump()), kExitCompleted);
  document["training"]["activation_checkpointing"] = true;
  ASSERT_EQ(Run("checkpointed", document.dump()), kExitCompleted);
  EXPECT_EQ(LastState("checkpointed"), LastState("plain"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ResumedRecordRuns, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(RecordRuns, TellWhatTheirKindMeasures) {
  struct Row {
    const char* model;
    std::vector<std::string> told, not_told;
  };
  const Row rows[] = {
      {kImages, {"val/loss", "val/accuracy"}, {"val/perplexity", "val/excess_loss"}},
      {kVectors, {"val/loss", "val/excess_loss"}, {"val/perplexity", "val/accuracy"}},
  };
  for (const Row& row : rows) {
    std::filesystem::remove_all(folder_ / "a");
    ASSERT_EQ(Run("a", Document(row.model)), kExitCompleted);
    for (const std::string& metric : row.told) EXPECT_EQ(Curve("a", metric).size(), 3u) << metric;
    for (const std::string& metric : row.not_told)
      EXPECT_TRUE(Curve("a", metric).empty()) << metric;
    EXPECT_LT(Curve("a", "val/loss").at(8), Curve("a", "val/loss").at(0)) << row.model;
  }
}

TEST_F(RecordRuns, PresetAloneIsADocument) {
  for (const char* preset : {"cnn-small", "autoencoder-16"}) {
    const std::string document = absl::StrCat(R"({"name": "a", "model": {"preset": ")", preset,
                                              R"("}, "training": {"steps": 2, "eval_batches": 1},
                       "lr_schedule": {"warmup_steps": 0}})");
    EXPECT_EQ(Run(preset, document), kExitCompleted) << preset;
    EXPECT_EQ(Curve(preset, "val/loss").size(), 2u);
  }
}

TEST_F(RecordRuns, CheckpointHoldsConvolutionsInTheirOwnShapeAndStartsAnotherRun) {
  ASSERT_EQ(Run("a", Document(kImages)), kExitCompleted);
  const safetensors::File file = *safetensors::File::Open(State("a"));
  EXPECT_EQ(file.Find("stages.1.conv.weight")->shape, (std::vector<int64_t>{16, 8, 3, 3}));
  EXPECT_EQ(file.Find("stages.1.norm.weight")->shape, (std::vector<int64_t>{16}));
  EXPECT_EQ(file.Find("classifier.weight")->shape, (std::vector<int64_t>{4, 16}));

  const std::string from = absl::StrCat(R"({"model": {"initialize_from": ")", State("a"),
                                        R"("}, "training": {"steps": 0},
                                          "lr_schedule": {"warmup_steps": 0}})");
  ASSERT_EQ(Run("b", Document(kImages, from)), kExitCompleted);
  EXPECT_EQ(Curve("b", "val/loss").at(0), Curve("a", "val/loss").at(8));
}

TEST_F(RecordRuns, WeightsOfAnotherShapeAreNamed) {
  ASSERT_EQ(Run("a", Document(kImages)), kExitCompleted);
  const std::string wider =
      absl::StrCat(R"({"model": {"kernel": 5, "initialize_from": ")", State("a"), R"("}})");
  EXPECT_EQ(Run("b", Document(kImages, wider)), kExitBadDocument);
  EXPECT_THAT(Reason("b"), HasSubstr("stages.0.conv.weight has shape [8, 2, 3, 3], the model's is "
                                     "[8, 2, 5, 5]"));
}

class RecordFileRuns : public RecordRuns {
 protected:
  std::string Document() {
    return RecordRuns::Document(
        kVectors, absl::StrCat(R"({"data": {"paths": [")", path_.string(), R"("]}})"));
  }

  void Write(float value) {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out | std::ios::app);
    file.close();
    const std::vector<float> rows(32 * 40, value);
    std::ofstream(path_, std::ios::binary | std::ios::in | std::ios::out)
        .write(reinterpret_cast<const char*>(rows.data()),
               static_cast<std::streamsize>(4 * rows.size()));
  }

  const std::filesystem::path path_ = folder_ / "rows.bin";
};

TEST_F(RecordFileRuns, FileRewrittenDuringTheRunFailsItByName) {
  Write(0.25F);
  const auto rewrite = [&] {
    const auto curve = Curve("a", "train/loss");
    if (curve.contains(3) && !curve.contains(4)) Write(0.5F);
    return false;
  };
  ASSERT_EQ(Run("a", Document(), rewrite), kExitFailed);
  EXPECT_THAT(Reason("a"), HasSubstr("rows.bin: was changed while the run was reading it"));
  EXPECT_FALSE(Curve("a", "train/loss").contains(4));
}

TEST_F(RecordFileRuns, ResumeOnOtherDataIsRefused) {
  Write(0.25F);
  ASSERT_EQ(Run("a", Document(), StopAfter(3)), kExitStopped);
  Write(0.5F);
  EXPECT_EQ(Run("a", Document()), kExitFailed);
  EXPECT_THAT(Reason("a"), HasSubstr("the data has changed since the run began"));
}

}  // namespace
}  // namespace fp4::trainer
