#include "server/core/checkpoint_retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
// Needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace fp4::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

KnownCheckpoint Stored(int64_t step, int32_t attempt = 1, std::optional<double> metric = {}) {
  return {.key = {step, attempt}, .bytes = 10, .stored = true, .metric = metric};
}
KnownCheckpoint OnWorker(int64_t step, int32_t attempt = 1, std::optional<double> metric = {}) {
  return {.key = {step, attempt}, .bytes = 10, .stored = false, .metric = metric};
}

constexpr RetentionRule kLastOnly{};
constexpr RetentionRule kSmallest{.keep_best = true};
constexpr RetentionRule kLargest{.keep_best = true, .largest_is_best = true};

TEST(CheckpointRetentionTest, ALaterAttemptsCheckpointIsTheNewerOneWhateverItsStep) {
  const KeptCheckpoints kept = ChooseKept({Stored(300, 1), Stored(100, 2)}, kLastOnly);
  EXPECT_EQ(kept.last, (CheckpointKey{100, 2}));
}

TEST(CheckpointRetentionTest, TheBestIsChosenInTheMetricsDirectionAmongFiniteValues) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<KnownCheckpoint> all = {Stored(100, 1, 2.0), Stored(200, 1, 1.0),
                                            Stored(300, 1, nan), Stored(400, 1, -infinity),
                                            Stored(500, 1, 3.0), Stored(600, 1)};
  EXPECT_EQ(ChooseKept(all, kSmallest).best, (CheckpointKey{200, 1}));
  EXPECT_EQ(ChooseKept(all, kLargest).best, (CheckpointKey{500, 1}));
  EXPECT_EQ(ChooseKept(all, kLastOnly).best, std::nullopt);
}

TEST(CheckpointRetentionTest, WhatIsWantedIsOfferedAndKeptAndNotYetStored) {
  const std::vector<KnownCheckpoint> all = {OnWorker(100, 1, 1.0), OnWorker(200, 1, 2.0),
                                            OnWorker(300, 1, 3.0)};
  EXPECT_THAT(ChooseWanted(all, kSmallest, {{100, 1}, {200, 1}, {300, 1}}),
              ElementsAre(CheckpointKey{300, 1}, CheckpointKey{100, 1}));
  EXPECT_THAT(ChooseWanted(all, kSmallest, {{200, 1}, {300, 1}}),
              ElementsAre(CheckpointKey{300, 1}));
  EXPECT_THAT(ChooseWanted({Stored(300, 1)}, kLastOnly, {{300, 1}}), IsEmpty());
}

TEST(CheckpointRetentionTest, OneThatIsOnlyOnAWorkerPushesOutNothing) {
  EXPECT_THAT(ChooseSuperfluous({Stored(100), OnWorker(200)}, kLastOnly), IsEmpty());
  EXPECT_THAT(ChooseSuperfluous({Stored(100), Stored(200)}, kLastOnly),
              ElementsAre(CheckpointKey{100, 1}));
}

StoredRun MakeRun(const char* id, RunState state, int finished, std::vector<KnownCheckpoint> all) {
  return {.id = id,
          .state = state,
          .finished = absl::FromUnixSeconds(finished),
          .checkpoints = std::move(all),
          .rule = kSmallest};
}

std::vector<std::string> Texts(const std::vector<Eviction>& evicted) {
  std::vector<std::string> texts;
  for (const Eviction& one : evicted) texts.push_back(one.run_id + std::to_string(one.key.step));
  return texts;
}

TEST(CheckpointRetentionTest, AQuotaTakesOldBestsThenOldLastsOfCompletedRunsAndAllOrNothing) {
  const std::vector<StoredRun> runs = {
      MakeRun("new", RunState::kCompleted, 20, {Stored(1, 1, 0.5), Stored(2, 1, 0.9)}),
      MakeRun("old", RunState::kCompleted, 10, {Stored(1, 1, 0.5), Stored(2, 1, 0.9)}),
      MakeRun("failed", RunState::kFailed, 1, {Stored(1)}),
      MakeRun("runs", RunState::kRunning, 0, {Stored(1)})};
  EXPECT_THAT(Texts(ChooseEvicted(runs, 15)), ElementsAre("old1", "new1"));
  EXPECT_THAT(Texts(ChooseEvicted(runs, 40)), ElementsAre("old1", "new1", "old2", "new2"));
  EXPECT_THAT(Texts(ChooseEvicted(runs, 41)), IsEmpty());
  EXPECT_THAT(Texts(ChooseEvicted(runs, 0)), IsEmpty());
}

std::vector<KnownCheckpoint> ArbitraryCheckpoints() {
  std::vector<KnownCheckpoint> all;
  std::set<CheckpointKey> seen;
  const auto num = *rc::gen::inRange(0, 12);
  for (int i = 0; i < num; ++i) {
    const CheckpointKey key{*rc::gen::inRange<int64_t>(0, 6), *rc::gen::inRange<int32_t>(1, 4)};
    if (!seen.insert(key).second) continue;
    all.push_back({.key = key,
                   .bytes = *rc::gen::inRange<int64_t>(0, 100),
                   .stored = *rc::gen::arbitrary<bool>(),
                   .metric = *rc::gen::inRange(0, 3) == 0
                                 ? std::nullopt
                                 : std::optional<double>(*rc::gen::inRange(0, 4))});
  }
  return all;
}

RetentionRule ArbitraryRule() {
  return {.keep_best = *rc::gen::arbitrary<bool>(), .largest_is_best = *rc::gen::arbitrary<bool>()};
}

// Whatever is stored, offered and deleted in whatever order: once a run has had a stored
// checkpoint, it has one as new as the newest that was ever stored, and each is removed only after
// a newer one, or a better one, is there.
RC_GTEST_PROP(CheckpointRetentionProperty, TheNewestStoredOneIsNeverSuperfluous, ()) {
  std::vector<KnownCheckpoint> all = ArbitraryCheckpoints();
  for (KnownCheckpoint& one : all) one.stored = false;
  const RetentionRule rule = ArbitraryRule();
  std::optional<CheckpointKey> newest;
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].stored = true;
    if (!newest || all[i].key > *newest) newest = all[i].key;
    const std::vector<CheckpointKey> gone = ChooseSuperfluous(all, rule);
    RC_ASSERT(std::ranges::find(gone, *newest) == gone.end());
    for (KnownCheckpoint& one : all) {
      if (std::ranges::find(gone, one.key) != gone.end()) one.stored = false;
    }
    RC_ASSERT(ChooseSuperfluous(all, rule).empty());
    RC_ASSERT(std::ranges::count(all, true, &KnownCheckpoint::stored) <= 2);
  }
}

RC_GTEST_PROP(CheckpointRetentionProperty, AQuotaNeverTakesWhatARunMayNeedToGoOn, ()) {
  std::vector<StoredRun> runs;
  const auto num = *rc::gen::inRange(0, 6);
  for (int i = 0; i < num; ++i) {
    StoredRun run = MakeRun(
        "",
        *rc::gen::elementOf(std::vector<RunState>(std::begin(kRunStates), std::end(kRunStates))),
        *rc::gen::inRange(0, 9), ArbitraryCheckpoints());
    run.id = "r" + std::to_string(i);
    run.rule = ArbitraryRule();
    runs.push_back(std::move(run));
  }
  const auto bytes = *rc::gen::inRange<int64_t>(0, 800);
  const std::vector<Eviction> evicted = ChooseEvicted(runs, bytes);
  int64_t freed = 0;
  for (const Eviction& one : evicted) {
    const StoredRun& run = *std::ranges::find(runs, one.run_id, &StoredRun::id);
    RC_ASSERT(run.state == RunState::kCompleted);
    freed += std::ranges::find(run.checkpoints, one.key, &KnownCheckpoint::key)->bytes;
  }
  RC_ASSERT(evicted.empty() || freed >= bytes);
}

}  // namespace
}  // namespace fp4::core
