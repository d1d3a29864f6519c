#include "server/core/comparison_warnings.h"

#include <gmock/gmock.h>

namespace fp4::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StartedFacts Facts(const std::string& threads, int64_t resumed_from_step = 0) {
  StartedFacts facts{"fp32", "avx512", "Xeon", threads, {}, {}, resumed_from_step};
  facts.data_sha256 = std::string(64, 'a');
  return facts;
}

std::vector<RunResult> TwoRuns() {
  std::vector<RunResult> runs(2);
  for (RunResult& run : runs) {
    run.variant = "fp4";
    run.seed = 2;
    run.attempts = {Facts("1")};
    run.hosts = {"alpha"};
  }
  return runs;
}

TEST(WarnOfDifferentPlaces, SaysNothingWhereAllAgree) {
  EXPECT_THAT(WarnOfDifferentPlaces(TwoRuns()), IsEmpty());
}

TEST(WarnOfDifferentPlaces, NamesEachFactThatDiffers) {
  std::vector<RunResult> runs = TwoRuns();
  runs[1].attempts = {{"bf16", "avx2", "EPYC", "2", {}, {}, 0}};
  runs[1].attempts[0].data_sha256 = std::string(64, 'b');
  runs[1].hosts = {"alpha", "beta"};
  EXPECT_THAT(WarnOfDifferentPlaces(runs),
              ElementsAre("runs differ in compute type: bf16 (1 run), fp32 (1 run)",
                          "runs differ in threads: 1 (1 run), 2 (1 run)",
                          "runs differ in instruction set: avx2 (1 run), avx512 (1 run)",
                          "runs differ in device: EPYC (1 run), Xeon (1 run)",
                          "runs differ in data: aaaaaaaaaaaa (1 run), bbbbbbbbbbbb (1 run)",
                          "runs differ in machine: alpha (1 run), alpha and beta (1 run)"));
}

TEST(WarnOfDifferentPlaces, LeavesOutRunsThatDoNotSay) {
  std::vector<RunResult> runs = TwoRuns();
  runs[1].attempts.clear();
  runs[1].hosts.clear();
  EXPECT_THAT(WarnOfDifferentPlaces(runs), IsEmpty());
}

TEST(WarnOfDifferentEnds, NamesTokensElseSteps) {
  std::vector<RunResult> runs = TwoRuns();
  for (RunResult& run : runs) {
    run.state = RunState::kCompleted;
    run.curve = {{0, 3}, {10, 2}};
  }
  EXPECT_THAT(WarnOfDifferentEnds(runs), IsEmpty());
  runs[0].curve.push_back({20, 1});
  EXPECT_THAT(WarnOfDifferentEnds(runs),
              ElementsAre("runs end after different numbers of steps: 10 (1 run), 20 (1 run)"));
  runs[0].attempts[0].tokens_per_step = 10;
  runs[1].attempts[0].tokens_per_step = 20;
  EXPECT_THAT(WarnOfDifferentEnds(runs), IsEmpty());
  runs[1].attempts[0].tokens_per_step = 30;
  EXPECT_THAT(WarnOfDifferentEnds(runs),
              ElementsAre("runs end after different numbers of tokens: 200 (1 run), 300 (1 run)"));
}

TEST(WarnOfChangesOnResume, NamesTheRunAndBothValues) {
  std::vector<RunResult> runs = TwoRuns();
  runs[0].attempts = {Facts("1"), Facts("2", 20), Facts("2", 30)};
  EXPECT_THAT(WarnOfChangesOnResume(runs),
              ElementsAre("fp4, seed 2, went on under other threads: 1, then 2"));
}

TEST(WarnOfChangesOnResume, WhatBeganAnewOwesNothingToEarlierAttempts) {
  std::vector<RunResult> runs = TwoRuns();
  runs[0].attempts = {Facts("1"), Facts("2", 0), Facts("2", 30)};
  EXPECT_THAT(WarnOfChangesOnResume(runs), IsEmpty());
}

}  // namespace
}  // namespace fp4::core
