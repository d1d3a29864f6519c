// Whole runs that are ill in one way each: what they are told about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"
#include "base/trainer_exit.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kAutoencoder[] = R"({
  "schema_version": 1, "name": "vectors",
  "model": {"kind": "autoencoder", "layer_sizes": [64, 32, 32, 64]},
  "training": {"steps": 12, "micro_batch_size": 32, "eval_interval": 12, "eval_batches": 1,
               "stats_interval": 3, "compute_dtype": "fp32"},
  "lr_schedule": {"name": "constant", "warmup_steps": 1},
  "resources": {"gpus": 0, "cpu_threads": 1},
  "seeds": [1]})";

class FindingsRunsTest : public TrainingFixture {
 protected:
  // "code: message" of each finding of a run of the autoencoder, patched.
  std::set<std::string> FindingsOf(const std::string& patch) {
    nlohmann::json document = nlohmann::json::parse(kAutoencoder);
    document.merge_patch(nlohmann::json::parse(patch));
    const std::string run = document["name"];
    EXPECT_EQ(Run(run, document.dump()), kExitCompleted);
    std::set<std::string> findings;
    for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>(run))
      findings.insert(absl::StrCat(event.code, ": ", event.message));
    return findings;
  }
};

TEST_F(FindingsRunsTest, RunThatIsWellIsToldNothing) {
  EXPECT_THAT(FindingsOf("{}"), IsEmpty());
  EXPECT_THAT(FindingsOf(R"({"name": "nvfp4", "precision": {"recipes": {"mine": {
                             "weights": "nvfp4", "activations": "nvfp4"}}, "default": "mine"}})"),
              IsEmpty());
}

TEST_F(FindingsRunsTest, ScaleThatLeavesNoRoomForTheLargestClips) {
  EXPECT_THAT(FindingsOf(R"({"precision": {"recipes": {"mine": {
                             "weights": {"format": "mxfp4", "headroom": 0.5}}}, "default": "mine"}})"),
              Contains(HasSubstr("clipping: ")));
}

// One feature of each vector is ten million times as large as the others.
TEST_F(FindingsRunsTest, OutliersTakeTheScalesOfAllOtherBlocks) {
  const std::string path = folder_ / "outliers.f32";
  std::ofstream file(path, std::ios::binary);
  for (int i = 0; i < 256 * 64; ++i) {
    const float value = i % 64 == 0 ? 1e7F : static_cast<float>(i % 7) - 3;
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
  }
  file.close();
  EXPECT_THAT(FindingsOf(absl::StrCat(R"({"data": {"paths": [")", path, R"("]},
                         "precision": {"recipes": {"mine": {"activations": "nvfp4"}},
                                       "default": "mine"}})")),
              Contains(HasSubstr("scale_saturation: ")));
}

// Masters that were drawn to the border between two numbers cross it again and again.
TEST_F(FindingsRunsTest, WeightsAtTheBordersOfAFormatOscillate) {
  EXPECT_THAT(FindingsOf(R"({"model": {"layer_sizes": [32, 16, 4, 16, 32]},
                             "training": {"steps": 1500, "stats_interval": 1470},
                             "optimizer": {"learning_rate": 2e-3, "betas": [0.0, 0.99]},
                             "precision": {"recipes": {"mine": {"weights": "ternary"}},
                                           "default": "mine"}})"),
              Contains(HasSubstr("oscillation: ")));
}

// Units of a ReLU that one huge update pushed below zero for good.
TEST_F(FindingsRunsTest, UnitsThatAHugeUpdateKilledAreToldBeforeTheRunEnds) {
  Run("a", R"({
    "schema_version": 1, "name": "images",
    "model": {"kind": "convnet", "channels": [8, 16], "image_size": 8, "image_channels": 2,
              "num_classes": 4},
    "training": {"steps": 40, "micro_batch_size": 8, "eval_interval": 40, "eval_batches": 1,
                 "stats_interval": 2, "compute_dtype": "fp32"},
    "optimizer": {"learning_rate": 1.0},
    "lr_schedule": {"name": "constant", "warmup_steps": 1},
    "resources": {"gpus": 0, "cpu_threads": 1},
    "seeds": [1]})");
  std::set<std::string> codes;
  for (const spec::HealthEvent& event : EventsOf<spec::HealthEvent>("a")) codes.insert(event.code);
  EXPECT_THAT(codes, Contains(health_code::kDeadUnits));
}

}  // namespace
}  // namespace fp4::trainer
