#include "server/core/run_axis.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::core {
namespace {

// 10 tokens a step; evaluated at steps 0, 10, 20; the rate is that of the steps before.
RunResult MakeResult(const std::string& variant, double first_rate, double second_rate) {
  RunResult run;
  run.variant = variant;
  run.state = RunState::kCompleted;
  run.curve = {{0, 4.0}, {10, 3.0}, {20, 2.0}};
  run.throughput = {{10, first_rate}, {20, second_rate}};
  run.attempts.resize(1);
  run.attempts[0].tokens_per_step = 10;
  return run;
}

TEST(PositionAt, CountsStepsTokensAndSecondsOfTraining) {
  const RunResult run = MakeResult("a", 100, 50);  // 1 s, then 2 s
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kSteps, 15), 15);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTokens, 15), 150);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 0), 0);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 10), 1);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 15), 2);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 20), 3);
  EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 30), 5);  // the last rate goes on
  EXPECT_EQ(TrainSeconds(run), 3);
}

TEST(PositionAt, IsNotKnownWithoutWhatItIsMadeOf) {
  RunResult no_tokens = MakeResult("a", 100, 50);
  no_tokens.attempts[0].tokens_per_step.reset();
  EXPECT_FALSE(PositionAt(no_tokens, ComparisonAxis::kTokens, 10).has_value());
  EXPECT_FALSE(PositionAt(no_tokens, ComparisonAxis::kTime, 10).has_value());
  for (double bad : {0.0, -1.0, static_cast<double>(NAN)}) {
    const RunResult run = MakeResult("a", 100, bad);
    EXPECT_EQ(PositionAt(run, ComparisonAxis::kTime, 10), 1);
    EXPECT_FALSE(PositionAt(run, ComparisonAxis::kTime, 11).has_value()) << bad;
  }
}

TEST(ValueAt, IsTheMeanOfTheLastPointsUpToTheLimit) {
  const RunResult run = MakeResult("a", 100, 50);
  const auto value = [&](std::optional<double> limit, int64_t last) {
    return ValueAt(run, run.curve, ComparisonAxis::kTime, limit, last);
  };
  EXPECT_EQ(value({}, 1), 2);
  EXPECT_EQ(value({}, 2), 2.5);
  EXPECT_EQ(value(2.9, 1), 3);
  EXPECT_EQ(value(3, 1), 2);
  EXPECT_FALSE(value({}, 4).has_value());
  EXPECT_FALSE(value(0.5, 2).has_value());
}

TEST(ValueAt, ANumberThatIsNotFiniteStays) {
  RunResult run = MakeResult("a", 100, 50);
  run.curve[1].value = NAN;
  EXPECT_EQ(ValueAt(run, run.curve, ComparisonAxis::kEnd, {}, 1), 2);
  EXPECT_TRUE(std::isnan(*ValueAt(run, run.curve, ComparisonAxis::kEnd, {}, 2)));
}

TEST(CommonLimit, IsWhatAllCompletedRunsHaveReached) {
  std::vector<RunResult> runs = {MakeResult("a", 100, 100), MakeResult("b", 100, 100),
                                 MakeResult("c", 100, 100)};
  runs[1].curve.pop_back();
  runs[1].attempts[0].tokens_per_step = 30;
  runs[2].curve.resize(1);
  runs[2].state = RunState::kFailed;
  EXPECT_EQ(CommonLimit(runs, ComparisonAxis::kSteps), 10);
  EXPECT_EQ(CommonLimit(runs, ComparisonAxis::kTokens), 200);
  EXPECT_FALSE(CommonLimit(runs, ComparisonAxis::kEnd).has_value());
}

TEST(CommonLimit, OfTimeIsTheEndOfTheSlowerVariant) {
  std::vector<RunResult> runs = {MakeResult("slow", 50, 50), MakeResult("slow", 40, 40),
                                 MakeResult("fast", 100, 100)};
  EXPECT_EQ(CommonLimit(runs, ComparisonAxis::kTime), 5);  // 200 tokens at 40 a second
  // It counts who is slower, not who trains longer.
  runs[2].curve.push_back({2000, 1.5});
  EXPECT_EQ(CommonLimit(runs, ComparisonAxis::kTime), 5);
}

}  // namespace
}  // namespace fp4::core
