#include "trainer/checkpoint/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "base/reasons.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

class CheckpointStoreTest : public testing::Test {
 protected:
  CheckpointStoreTest() {
    std::string pattern = testing::TempDir() + "checkpoints-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~CheckpointStoreTest() override { fs::remove_all(folder_); }

  Checkpoint Save(int64_t step, int32_t attempt = 1, std::optional<double> loss = {}) {
    Manifest manifest;
    manifest.step = step;
    manifest.attempt = attempt;
    manifest.metric_value = loss;
    CheckpointStore store(folder_);
    return *store.Save(
        manifest, {{"w", safetensors::TensorType::kF32, {4}, std::as_bytes(std::span(values_))}},
        {{"step", std::to_string(step)}}, [] { return absl::OkStatus(); });
  }
  std::vector<int64_t> Steps() {
    std::vector<std::string> warnings;
    std::vector<int64_t> steps;
    for (const Checkpoint& checkpoint : CheckpointStore(folder_).List(warnings))
      steps.push_back(checkpoint.manifest.step);
    return steps;
  }

  std::optional<Checkpoint> Newest(const fs::path& preferred = "") {
    auto found = CheckpointStore(folder_).Newest(preferred, warnings_);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : std::nullopt;
  }

  fs::path folder_;
  float values_[4] = {1, 2, 3, 4};
  std::vector<std::string> warnings_;
};

TEST_F(CheckpointStoreTest, SavedOneIsFoundWithItsManifest) {
  Checkpoint saved = Save(100);
  std::optional<Checkpoint> found = Newest();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->folder, folder_ / "checkpoints" / "step-00000100.attempt-1");
  EXPECT_EQ(found->manifest.state_sha256, saved.manifest.state_sha256);
  EXPECT_EQ(found->manifest.state_bytes, static_cast<int64_t>(fs::file_size(found->state_file())));
}

TEST_F(CheckpointStoreTest, OneOfAStepIsTheLastAttemptsThatIsWhole) {
  Save(100, 1);
  Save(200, 2);
  Checkpoint damaged = Save(100, 3);
  std::ofstream(damaged.state_file(), std::ios::in | std::ios::binary) << 'x';

  const auto found = CheckpointStore(folder_).AtStep(100, "", warnings_);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->manifest.attempt, 1);
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_FALSE(CheckpointStore(folder_).AtStep(150, "", warnings_)->has_value());
  EXPECT_FALSE(CheckpointStore(folder_).AtStep(200, "of another", warnings_)->has_value());
}

TEST_F(CheckpointStoreTest, OneToGoBackToStays) {
  for (const int64_t step : {100, 200, 250}) Save(step);
  ASSERT_TRUE(CheckpointStore(folder_).Prune({.keep_last = 1, .also_step = 200}).ok());
  EXPECT_EQ(Steps(), (std::vector<int64_t>{250, 200}));
}

TEST(RegularCheckpointTest, IsTheLastMultipleOfTheInterval) {
  spec::CheckpointSpec spec;
  spec.interval_steps = 100;
  EXPECT_EQ(RegularCheckpoint(spec, 250), 200);
  EXPECT_EQ(RegularCheckpoint(spec, 200), 200);
  EXPECT_EQ(RegularCheckpoint(spec, 99), 0);
  spec.interval_steps = 0;
  EXPECT_EQ(RegularCheckpoint(spec, 99), 0);
}

TEST_F(CheckpointStoreTest, NewestIsByStepThenAttempt) {
  Save(100, 1);
  Save(90, 3);
  Save(100, 2);
  EXPECT_EQ(Newest()->manifest.attempt, 2);
}

TEST_F(CheckpointStoreTest, CorruptStateIsPassedOverWithAWarning) {
  Save(100);
  Checkpoint newer = Save(200);
  std::ofstream(newer.state_file(), std::ios::in | std::ios::binary).seekp(-1, std::ios::end)
      << 'x';

  EXPECT_EQ(Newest()->manifest.step, 100);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("corrupt checkpoint passed over"), std::string::npos);
}

TEST_F(CheckpointStoreTest, PreferredOneIsTakenThoughThereIsANewerOne) {
  Checkpoint older = Save(100);
  Save(200);
  EXPECT_EQ(Newest(older.folder)->manifest.step, 100);
}

TEST_F(CheckpointStoreTest, MissingPreferredOneIsAnErrorNotAnotherStart) {
  Save(100);
  std::ofstream(folder_ / "file") << "x";
  fs::create_directory(folder_ / "empty");
  for (const char* name : {"gone", "file", "empty"}) {
    auto found = CheckpointStore(folder_).Newest(folder_ / name, warnings_);
    EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound) << name;
    EXPECT_NE(std::string(found.status().message()).find(name), std::string::npos);
  }
}

TEST_F(CheckpointStoreTest, DamagedPreferredOneFallsBackToTheNewestWithAWarning) {
  Save(100);
  Checkpoint damaged = Save(200);
  std::ofstream(damaged.folder / "manifest.json") << "{";
  EXPECT_EQ(Newest(damaged.folder)->manifest.step, 100);
  EXPECT_FALSE(warnings_.empty());
}

TEST_F(CheckpointStoreTest, SearchEndsWhenAskedTo) {
  Save(100);
  auto found = CheckpointStore(folder_).Newest("", warnings_, [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(found.status()));
}

TEST_F(CheckpointStoreTest, FullDiskIsNamedAndWhatWasWrittenIsGone) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 40;
  CheckpointStore store(folder_);
  setrlimit(RLIMIT_FSIZE, &limit);
  auto saved =
      store.Save({}, {{"w", safetensors::TensorType::kF32, {4}, std::as_bytes(std::span(values_))}},
                 {}, [] { return absl::OkStatus(); });
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_EQ(ReasonOf(saved.status()), reason::kMachineFault) << saved.status();
  EXPECT_NE(std::string(saved.status().message()).find("state.safetensors"), std::string::npos)
      << saved.status();
  EXPECT_TRUE(fs::is_empty(folder_ / "checkpoints"));
}

TEST_F(CheckpointStoreTest, NothingHasItsNameBeforeWhatItImpliesIsDurable) {
  CheckpointStore store(folder_);
  Manifest manifest;
  manifest.step = 7;
  bool named = true;
  auto saved = store.Save(manifest, {}, {}, [&] {
    named = fs::exists(folder_ / "checkpoints" / "step-00000007.attempt-0");
    return absl::OkStatus();
  });
  EXPECT_TRUE(saved.ok());
  EXPECT_FALSE(named);
}

TEST_F(CheckpointStoreTest, FailureBeforeTheRenameLeavesNoCheckpoint) {
  CheckpointStore store(folder_);
  auto saved = store.Save({}, {}, {}, [] { return absl::InternalError("the log's disk is full"); });
  EXPECT_FALSE(saved.ok());
  EXPECT_TRUE(fs::is_empty(folder_ / "checkpoints"));
}

TEST_F(CheckpointStoreTest, PruneKeepsTheLastAndTheBest) {
  Save(1, 1, 5.0);
  Save(2, 1, 2.0);
  Save(3, 1, 3.0);
  Save(4, 1, 4.0);
  ASSERT_TRUE(CheckpointStore(folder_).Prune({.keep_last = 1, .keep_best = 1}).ok());
  EXPECT_EQ(Steps(), (std::vector<int64_t>{4, 2}));
}

TEST_F(CheckpointStoreTest, PruneKeepsTheLargestWhereThatIsBest) {
  Save(1, 1, 0.5);
  Save(2, 1, 0.2);
  Save(3, 1, 0.3);
  ASSERT_TRUE(CheckpointStore(folder_)
                  .Prune({.keep_last = 1, .keep_best = 1, .largest_is_best = true})
                  .ok());
  EXPECT_EQ(Steps(), (std::vector<int64_t>{3, 1}));
}

TEST_F(CheckpointStoreTest, PruneNeverRemovesTheNewest) {
  Save(1);
  Save(2);
  ASSERT_TRUE(CheckpointStore(folder_).Prune({.keep_last = 0, .keep_best = 0}).ok());
  EXPECT_EQ(Steps(), (std::vector<int64_t>{2}));
}

class RetentionTest : public CheckpointStoreTest {
 protected:
  // As the worker writes it.
  void Acknowledge(const fs::path& folder, int64_t step) {
    std::ofstream(folder_ / "acknowledged.json")
        << "{\"path\": " << folder << ", \"step\": " << step << "}";
  }
  std::vector<int64_t> StepsAfterPrune(int64_t keep_last) {
    EXPECT_TRUE(CheckpointStore(folder_).Prune({.keep_last = keep_last}).ok());
    return Steps();
  }
};

TEST_F(RetentionTest, TheNewestThatTheControllerHasStoredStaysHoweverLongTheTrainerGoesOn) {
  const Checkpoint stored = Save(50);
  Acknowledge(stored.folder, 50);
  for (int64_t step = 100; step <= 300; step += 50) {
    Save(step);
    StepsAfterPrune(2);
  }
  EXPECT_EQ(Steps(), (std::vector<int64_t>{300, 250, 50}));
  Acknowledge(folder_ / "checkpoints" / "step-00000250.attempt-1", 250);
  Save(350);
  EXPECT_EQ(StepsAfterPrune(2), (std::vector<int64_t>{350, 300, 250}));
}

TEST_F(RetentionTest, WhereThatOneIsGoneTheNewestBeforeItStays) {
  for (int64_t step : {10, 20, 40, 50}) Save(step);
  Acknowledge(folder_ / "checkpoints" / "step-00000030.attempt-1", 30);
  EXPECT_EQ(StepsAfterPrune(1), (std::vector<int64_t>{50, 20}));
}

TEST_F(RetentionTest, WithoutAWorkerOnlyTheNewestStay) {
  for (int64_t step : {10, 20, 30}) Save(step);
  EXPECT_EQ(StepsAfterPrune(2), (std::vector<int64_t>{30, 20}));
}

TEST_F(RetentionTest, NothingIsRemovedWhileTheWorkersWordCannotBeRead) {
  for (int64_t step : {10, 20, 30}) Save(step);
  std::ofstream(folder_ / "acknowledged.json") << "{\"step\": \"ten\"}";
  EXPECT_EQ(StepsAfterPrune(1), (std::vector<int64_t>{30, 20, 10}));
}

TEST_F(RetentionTest, WhatAnEarlierAttemptLeftBehindDoesNotPushOutWhatThisOneWrites) {
  for (int64_t step : {250, 300}) Save(step, /*attempt=*/1);
  for (int64_t step : {10, 20, 30}) {
    Save(step, /*attempt=*/2);
    StepsAfterPrune(2);
  }
  EXPECT_EQ(Steps(), (std::vector<int64_t>{30, 20}));
}

TEST_F(RetentionTest, ADamagedAssignedOneIsNotReplacedByOneThatIsNotStored) {
  Save(20);
  const Checkpoint assigned = Save(50);
  Save(100);  // by an attempt that had fallen silent
  Acknowledge(assigned.folder, 50);
  std::ofstream(assigned.state_file()) << "damaged";
  EXPECT_EQ(Newest(assigned.folder)->manifest.step, 20);
}

TEST(ManifestTest, ReadsBackWhatItWrote) {
  Manifest manifest{.step = 5,
                    .attempt = 2,
                    .state_bytes = 10,
                    .state_sha256 = "s",
                    .document_sha256 = "d",
                    .data_sha256 = "e",
                    .compute_dtype = "bf16",
                    .cpu_threads = 2,
                    .evaluated = true,
                    .metric = "val/loss",
                    .metric_value = 0.1,
                    .energy_joules = 12.5,
                    .reported = {{"frozen_layer", {"lm_head"}}}};
  absl::StatusOr<Manifest> read = ParseManifest(FormatManifest(manifest));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatManifest(*read), FormatManifest(manifest));
}

TEST(ManifestTest, OneOfAnEarlierVersionCountsNoEnergy) {
  Manifest manifest;
  manifest.energy_joules = 12.5;
  const std::string now = FormatManifest(manifest);
  const std::string line = "  \"energy_joules\": 12.5,\n";
  const size_t at = now.find(line);
  ASSERT_NE(at, std::string::npos) << now;
  absl::StatusOr<Manifest> read = ParseManifest(std::string(now).erase(at, line.size()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->energy_joules, 0.0);
}

TEST(ManifestTest, OneOfAnEarlierVersionNamesFrozenLayersAlone) {
  std::string text = FormatManifest({});
  const std::string now = "\"reported\": {}";
  const size_t at = text.find(now);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, now.size(), R"("frozen_layers": ["lm_head"])");
  absl::StatusOr<Manifest> read = ParseManifest(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->reported.at("frozen_layer").contains("lm_head"));
}

TEST(ManifestTest, StepOfAnEarlierVersionDoesNotCountAsEvaluated) {
  Manifest manifest;
  manifest.evaluated = true;
  manifest.metric_value = 0.5;
  const std::string now = FormatManifest(manifest);
  const std::string line = "  \"evaluated\": true,\n";
  const size_t at = now.find(line);
  ASSERT_NE(at, std::string::npos) << now;
  absl::StatusOr<Manifest> read = ParseManifest(std::string(now).erase(at, line.size()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->evaluated);
  EXPECT_EQ(read->metric_value, 0.5);
}

TEST(ManifestTest, AnythingElseIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"layout":2})", R"({"layout":1,"step":"x"})"}) {
    EXPECT_FALSE(ParseManifest(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fp4::trainer
