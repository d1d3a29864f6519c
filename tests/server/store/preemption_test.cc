// A more urgent run takes a slot: through the worker's calls, and over a restart.
#include <gmock/gmock.h>

#include "base/reasons.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::RunState;
using ::testing::ElementsAre;

class PreemptionTest : public StoreTest {
 protected:
  std::string Submit(const std::string& name, int priority) {
    return CreateRuns(R"({"name": ")" + name + R"(", "resources": {"gpus": 0, "priority": )" +
                      std::to_string(priority) + "}}")[0];
  }
  // A run of low priority that has had the only slot for ten minutes, and an urgent one.
  void Meet() {
    low_ = Submit("low", 10);
    EXPECT_TRUE(Register("w", 1).ok());
    held_ = Acquire().value().assignments.at(0).held;
    EXPECT_TRUE(Report(held_, {MetricsAt(1, 1, 3.0)}).ok());
    for (int i = 0; i < 60; ++i) {
      Pass(absl::Seconds(10));
      EXPECT_THAT(Renew({held_})->renewed, ElementsAre(held_));
    }
    urgent_ = Submit("urgent", 90);
    EXPECT_EQ(StateOf(urgent_), RunState::kQueued);
  }

  std::string low_, urgent_;
  Held held_;
};

TEST_F(PreemptionTest, TheRunStopsGoesBackForFreeAndGoesOnLater) {
  Meet();
  // The next call of the worker that decides tells it to stop.
  EXPECT_THAT(Acquire({held_}).value().stop, ElementsAre(held_));
  EXPECT_THAT(Renew({held_})->stop, ElementsAre(held_));
  EXPECT_EQ(StateOf(low_), RunState::kRunning) << "until its trainer has stopped";
  // when it has stopped with a checkpoint
  ASSERT_TRUE(Report(held_, {CheckpointAt(2, 1), FinishedAt(3, "stopped")}).ok());
  ASSERT_TRUE(Exit(held_, {.exit_code = 3, .message = "", .stderr_tail = ""}).ok());
  // then the urgent one has the slot, and nothing is held against the other
  EXPECT_EQ(GetRun(low_).reason, reason::kPreempted);
  EXPECT_EQ(GetRun(low_).num_restarts, 0);
  const auto work = Acquire();
  ASSERT_EQ(work->assignments.size(), 1u);
  EXPECT_EQ(work->assignments[0].held.run_id, urgent_);
  ASSERT_TRUE(Complete(work->assignments[0].held).ok());
  const auto again = Acquire();
  ASSERT_EQ(again->assignments.size(), 1u);
  EXPECT_EQ(again->assignments[0].held, (Held{low_, 2}));
  EXPECT_EQ(again->assignments[0].checkpoints.size(), 1u) << "it goes on from there";
}

TEST_F(PreemptionTest, IsRememberedOverARestart) {
  Meet();
  EXPECT_THAT(Acquire({held_}).value().stop, ElementsAre(held_));
  Reopen();
  ASSERT_TRUE(
      Register("w", 1, {{.run_id = held_.run_id, .attempt = 1, .last_seq = 1, .alive = true}})
          .ok());
  EXPECT_THAT(Renew({held_})->stop, ElementsAre(held_));
  ASSERT_TRUE(Exit(held_, {.exit_code = 3, .message = "", .stderr_tail = ""}).ok());
  EXPECT_EQ(GetRun(low_).reason, reason::kPreempted);
}

TEST_F(PreemptionTest, ARunThatItsWorkerNeverBeganGoesBackAtOnce) {
  options_.policy.min_runtime = absl::ZeroDuration();
  Reopen();
  low_ = Submit("low", 10);
  ASSERT_TRUE(Register("w", 1).ok());
  held_ = Acquire().value().assignments.at(0).held;
  urgent_ = Submit("urgent", 90);
  // The worker asks again without it: the answer was lost.
  (void)Acquire();
  const auto work = Acquire();
  EXPECT_EQ(GetRun(low_).reason, reason::kPreempted);
  EXPECT_EQ(StateOf(urgent_), RunState::kAssigned);
}

TEST_F(PreemptionTest, WorkersThatWereLostWithARunAreRememberedOverARestart) {
  const std::string run = Submit("killer", 50);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Register("w" + std::to_string(i), 1).ok());
    std::vector<Held> held;
    for (int tries = 0; tries < 60 && held.empty(); ++tries) {
      const auto work = Acquire();
      ASSERT_TRUE(work.ok()) << work.status();
      for (const Assignment& assignment : work->assignments) held.push_back(assignment.held);
      if (held.empty()) Pass(absl::Seconds(4));
    }
    ASSERT_EQ(held.size(), 1u) << i;
    // The worker falls silent.
    Pass(absl::Seconds(40));
    if (i == 1) Reopen();
  }
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(GetRun(run).reason, reason::kKillsWorkers);
}

}  // namespace
}  // namespace fp4::store::testing
