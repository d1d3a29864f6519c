#include "server/core/worker_standing.h"

#include "gtest/gtest.h"

namespace fp4::core {
namespace {

constexpr absl::Duration kNow = absl::Hours(1);

class WorkerStandingTest : public ::testing::Test {
 protected:
  // The pause that the end brings; negative infinity: none.
  absl::Duration After(const BadEnd& end) {
    NoteBadEnd(standing_, end, kNow);
    return standing_.paused_until - kNow;
  }
  static BadEnd End(const char* run, Blame blame, bool failed_elsewhere = false) {
    return {.run_id = run, .blame = blame, .failed_elsewhere = failed_elsewhere, .what = "crash"};
  }

  WorkerStanding standing_;
};

TEST_F(WorkerStandingTest, TheWorkersOwnFaultPausesItAtOnceAndLongerEachTime) {
  EXPECT_EQ(After(End("a", Blame::kWorker)), absl::Seconds(1));
  EXPECT_EQ(After(End("a", Blame::kWorker)), absl::Seconds(2));
  EXPECT_EQ(After(End("b", Blame::kWorker)), absl::Seconds(4));
  for (int i = 0; i < 20; ++i) After(End("c", Blame::kWorker));
  EXPECT_EQ(After(End("c", Blame::kWorker)), absl::Minutes(5));
}

TEST_F(WorkerStandingTest, AWorkerOnWhichEverythingDiesIsPausedThoughNobodyKnowsWhy) {
  EXPECT_EQ(After(End("a", Blame::kUnknown)), -absl::InfiniteDuration());
  EXPECT_EQ(After(End("b", Blame::kUnknown)), -absl::InfiniteDuration());
  EXPECT_EQ(After(End("c", Blame::kUnknown)), absl::Seconds(1));
  EXPECT_EQ(After(End("d", Blame::kUnknown)), absl::Seconds(2));
  EXPECT_TRUE(standing_.on_probation());
}

TEST_F(WorkerStandingTest, OneBadRunIsNotHeldAgainstTheWorker) {
  for (int i = 0; i < 9; ++i) After(End("a", Blame::kUnknown));
  EXPECT_FALSE(standing_.on_probation());
}

TEST_F(WorkerStandingTest, NorAreRunsThatAreToBlameOrThatFailElsewhereToo) {
  for (const char* run : {"a", "b", "c", "d", "e"}) {
    After(End(run, Blame::kRun));
    After(End(run, Blame::kNobody));
    After(End(run, Blame::kUnknown, /*failed_elsewhere=*/true));
  }
  EXPECT_EQ(standing_.num_bad_ends, 0);
}

TEST_F(WorkerStandingTest, ProgressEndsTheProbation) {
  After(End("a", Blame::kWorker));
  NoteProgress(standing_);
  EXPECT_FALSE(standing_.on_probation());
  EXPECT_EQ(After(End("a", Blame::kWorker)), absl::Seconds(1)) << "it counts from the beginning";
}

// As the last one, of runs of different experiments: a worker that fails whatever it gets.
TEST_F(WorkerStandingTest, AWorkerOnWhichRunsOfThreeExperimentsFailOneAfterTheOtherIsPaused) {
  const auto failed = [&](const char* run, const char* experiment) {
    BadEnd end = End(run, Blame::kRun);
    end.experiment_id = experiment;
    return After(end);
  };
  EXPECT_EQ(failed("a1", "a"), -absl::InfiniteDuration());
  EXPECT_EQ(failed("a2", "a"), -absl::InfiniteDuration()) << "one bad document";
  EXPECT_EQ(failed("b1", "b"), -absl::InfiniteDuration());
  EXPECT_EQ(failed("c1", "c"), absl::Seconds(1));
  EXPECT_EQ(failed("d1", "d"), absl::Seconds(2));
  EXPECT_TRUE(standing_.on_probation());
  NoteProgress(standing_);
  EXPECT_EQ(failed("e1", "e"), -absl::InfiniteDuration()) << "it has shown that it can train";
}

}  // namespace
}  // namespace fp4::core
