#include "worker/run/lease.h"

#include <gtest/gtest.h>

namespace fp4::worker {
namespace {

using absl::Milliseconds;
using absl::Seconds;

struct DeadlineCase {
  absl::Duration ttl, stop, kill, trainer;  // after the renewal was sent
};

class DeadlinesAfterTest : public testing::TestWithParam<DeadlineCase> {};

TEST_P(DeadlinesAfterTest, AreInOrderAndBeforeTheEndOfTheLease) {
  const DeadlineCase& expected = GetParam();
  const LeaseDeadlines deadlines = DeadlinesAfter(Seconds(100), expected.ttl);
  EXPECT_EQ(deadlines.stop - Seconds(100), expected.stop);
  EXPECT_EQ(deadlines.kill - Seconds(100), expected.kill);
  EXPECT_EQ(deadlines.trainer - Seconds(100), expected.trainer);
  EXPECT_LE(deadlines.stop, deadlines.trainer);
  EXPECT_LT(deadlines.kill, Seconds(100) + expected.ttl);
}

INSTANTIATE_TEST_SUITE_P(
    ByTtl, DeadlinesAfterTest,
    testing::Values(DeadlineCase{Seconds(30), Seconds(20), Seconds(28), Seconds(28)},
                    DeadlineCase{absl::Hours(1), Seconds(3590), Seconds(3598), Seconds(3598)},
                    DeadlineCase{Seconds(6), Seconds(4), Milliseconds(5600), Milliseconds(4500)},
                    DeadlineCase{Seconds(3), Seconds(2), Milliseconds(2800), Seconds(2)}));

struct MeasureCase {
  const char* name;
  Ending ending;
  absl::Duration lease_kill, now;
  Measure expected;
};

class DueMeasureTest : public testing::TestWithParam<MeasureCase> {};

TEST_P(DueMeasureTest, FollowsReasonAndClock) {
  const MeasureCase& c = GetParam();
  const LeaseDeadlines lease = {
      .stop = c.lease_kill, .kill = c.lease_kill, .trainer = c.lease_kill};
  EXPECT_EQ(DueMeasure(c.ending, lease, c.now), c.expected);
}

constexpr StopReason kAsked = StopReason::kRequested;
INSTANTIATE_TEST_SUITE_P(
    Cases, DueMeasureTest,
    testing::Values(
        MeasureCase{"nothing asked", {}, Seconds(50), Seconds(10), Measure::kNone},
        MeasureCase{"asked", {kAsked, Seconds(40)}, Seconds(50), Seconds(10), Measure::kTerminate},
        MeasureCase{"told", {kAsked, Seconds(40), true}, Seconds(50), Seconds(39), Measure::kNone},
        MeasureCase{
            "grace over", {kAsked, Seconds(40), true}, Seconds(50), Seconds(40), Measure::kKill},
        MeasureCase{"lease over first",
                    {kAsked, Seconds(40), true},
                    Seconds(20),
                    Seconds(20),
                    Measure::kKill},
        MeasureCase{
            "killed", {kAsked, Seconds(40), true, true}, Seconds(50), Seconds(60), Measure::kNone}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(EndingTest, FencedKillsAtOnceEvenAfterAnEarlierReason) {
  Ending ending = WithReason({}, StopReason::kRequested, Seconds(10), Seconds(30));
  ending = WithReason(ending, StopReason::kFenced, Seconds(12), Seconds(30));
  EXPECT_EQ(ending.reason, StopReason::kFenced);
  EXPECT_EQ(ending.kill_at, Seconds(12));
}

TEST(EndingTest, LighterReasonDoesNotReplaceAHeavierOne) {
  Ending ending = WithReason({}, StopReason::kMaxRuntime, Seconds(10), Seconds(30));
  ending = WithReason(ending, StopReason::kRequested, Seconds(20), Seconds(5));
  EXPECT_EQ(ending.reason, StopReason::kMaxRuntime);
  EXPECT_EQ(ending.kill_at, Seconds(40));
}

TEST(EndingTest, ClockAddsRuntimeAndLease) {
  const TrainerLimits limits = {
      .lease = {.stop = Seconds(20), .kill = Seconds(28), .trainer = Seconds(28)},
      .runtime_deadline = Seconds(15),
      .grace = Seconds(30)};
  EXPECT_EQ(AfterClock({}, limits, Seconds(14)).reason, StopReason::kNone);
  EXPECT_EQ(AfterClock({}, limits, Seconds(15)).reason, StopReason::kMaxRuntime);
  EXPECT_EQ(AfterClock({}, limits, Seconds(20)).reason, StopReason::kLeaseExpired);
}

}  // namespace
}  // namespace fp4::worker
