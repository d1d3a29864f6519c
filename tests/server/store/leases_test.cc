// Runs from the queue to their end, with workers that come and go.
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::ExitCause;
using core::FoundAction;
using core::RunState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeasesTest : public StoreTest {};

TEST_F(LeasesTest, AQueuedRunGoesToTheWorkerThatAsks) {
  const auto runs = CreateRuns();
  ASSERT_TRUE(Register("worker", 1).ok());
  const auto work = Acquire();
  ASSERT_TRUE(work.ok()) << work.status();
  ASSERT_THAT(work->assignments, SizeIs(1));
  const Assignment& assignment = work->assignments[0];
  EXPECT_EQ(assignment.held, (Held{runs[0], 1}));
  EXPECT_EQ(assignment.variant, "baseline");
  EXPECT_EQ(assignment.seed, 1u);
  EXPECT_THAT(assignment.slots, ElementsAre(0));
  EXPECT_EQ(assignment.next_seq, 1);
  EXPECT_THAT(assignment.checkpoints, IsEmpty());
  EXPECT_EQ(StateOf(runs[0]), RunState::kAssigned);
  EXPECT_EQ(StateOf(runs[1]), RunState::kQueued);
}

TEST_F(LeasesTest, AnAssignmentCarriesWhatTheFirstSlotOfTheExperimentComputesWith) {
  CreateRuns();
  ASSERT_TRUE(Register("worker", 1).ok());
  const auto work = Acquire();
  const auto read = spec::ReadExperiment(work->assignments.at(0).document, {}, {});
  ASSERT_TRUE(read.ok()) << read.problems.front().ToString("assignment");
  const spec::RunSpec& run = read.experiment.variants.at(0).run;
  EXPECT_EQ(run.training.compute_dtype, spec::ComputeDtype::kBf16);
  EXPECT_EQ(run.resources.cpu_threads, 2);
}

TEST_F(LeasesTest, AnAssignmentThatGotLostIsDeliveredAgain) {
  const Held held = StartOneRun();
  const auto again = Acquire();
  ASSERT_THAT(again->assignments, SizeIs(1));
  EXPECT_EQ(again->assignments[0].held, held);
  EXPECT_THAT(Acquire({held})->assignments, IsEmpty());
}

TEST_F(LeasesTest, AWaitingWorkerIsToldWhenARunIsQueued) {
  ASSERT_TRUE(Register("worker", 1).ok());
  std::promise<absl::StatusOr<AcquiredWork>> promise;
  store_->Acquire({worker_id_, incarnation_, {}, absl::Seconds(30)},
                  [&](absl::StatusOr<AcquiredWork> work) { promise.set_value(std::move(work)); });
  const auto runs = CreateRuns();
  const auto work = promise.get_future().get();
  ASSERT_THAT(work->assignments, SizeIs(1));
  EXPECT_EQ(work->assignments[0].held.run_id, runs[0]);
}

TEST_F(LeasesTest, AWaitEndsWithNothingWhenItsTimeHasPassed) {
  ASSERT_TRUE(Register("worker", 1).ok());
  std::promise<absl::StatusOr<AcquiredWork>> promise;
  store_->Acquire({worker_id_, incarnation_, {}, absl::Seconds(3)},
                  [&](absl::StatusOr<AcquiredWork> work) { promise.set_value(std::move(work)); });
  Pass(absl::Seconds(4));
  const auto work = promise.get_future().get();
  ASSERT_TRUE(work.ok());
  EXPECT_THAT(work->assignments, IsEmpty());
}

TEST_F(LeasesTest, TheFirstReportMakesARunRunningAndItsExitCompletesIt) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
  ASSERT_TRUE(Complete(held, 2).ok());
  const RunRecord run = GetRun(held.run_id);
  EXPECT_EQ(run.state, RunState::kCompleted);
  EXPECT_TRUE(run.finish_time.has_value());
  EXPECT_EQ(Exit(held, {}), absl::OkStatus()) << "a repeated report is taken";
}

const core::Exit kCrash{
    .cause = ExitCause::kSignaled, .signal = 9, .message = "", .stderr_tail = "first\nKilled\n"};

TEST_F(LeasesTest, ACrashIsTriedAgainFromTheNewestStoredCheckpoint) {
  const Held held = StartOneRun();
  ASSERT_TRUE(
      Report(held, {MetricsAt(1, 20, 5.0), CheckpointAt(2, 20), MetricsAt(3, 21, 4.9)}).ok());
  ASSERT_EQ(Exit(held, kCrash), absl::OkStatus());
  const RunRecord run = GetRun(held.run_id);
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_EQ(run.num_restarts, 1);
  ASSERT_EQ(Complete(Acquire()->assignments.at(0).held), absl::OkStatus()) << "another run's turn";
  Pass(absl::Seconds(2));
  const Assignment again = Acquire()->assignments.at(0);
  EXPECT_EQ(again.held, (Held{held.run_id, 2}));
  EXPECT_EQ(again.next_seq, 4);
  ASSERT_THAT(again.checkpoints, SizeIs(1));
  EXPECT_EQ(again.checkpoints[0].step, 20);
}

TEST_F(LeasesTest, ARunThatCrashesAgainAndAgainFailsWithTheLastCause) {
  Held held = StartOneRun();
  ASSERT_TRUE(Cancel(GetRun(held.run_id).id == "r0000002" ? "r0000003" : "r0000002").ok());
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(held.attempt, attempt);
    ASSERT_EQ(Exit(held, kCrash), absl::OkStatus());
    Pass(absl::Seconds(4));
    const auto work = Acquire();
    if (!work->assignments.empty()) held = work->assignments[0].held;
  }
  const RunRecord run = GetRun(held.run_id);
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.reason, reason::kRestartsExhausted);
  EXPECT_THAT(run.message, HasSubstr("signal 9 (SIGKILL); stderr: Killed"));
}

TEST_F(LeasesTest, AnExpiredLeaseIsAnotherAttemptsAndTheOldOneIsFenced) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  Pass(absl::Seconds(31));
  EXPECT_EQ(StateOf(held.run_id), RunState::kQueued);
  const auto work = Acquire();
  ASSERT_THAT(work->assignments, SizeIs(1));
  EXPECT_EQ(work->assignments[0].held, (Held{held.run_id, 2}));
  EXPECT_EQ(ReasonOf(Report(held, {MetricsAt(2, 2, 4.0)}).status()), reason::kStaleAttempt);
  EXPECT_EQ(ReasonOf(Exit(held, {})), reason::kStaleAttempt);
  EXPECT_THAT(Renew({held})->lost, ElementsAre(held));
}

TEST_F(LeasesTest, RenewalsKeepALeaseAlive) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  for (int i = 0; i < 5; ++i) {
    Pass(absl::Seconds(20));
    EXPECT_THAT(Renew({held})->renewed, ElementsAre(held));
  }
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
}

TEST_F(LeasesTest, ARestartedControllerGrantsAFullTermAndKnowsItsWorkers) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  Close();
  clock_.Advance(absl::Hours(1));
  Open();
  Pass(absl::Seconds(29));
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
  EXPECT_THAT(Renew({held})->renewed, ElementsAre(held));
  EXPECT_EQ(*Report(held, {MetricsAt(2, 2, 4.0)}), 3);
}

TEST_F(LeasesTest, AControllerThatSleptGrantsAFullTerm) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  clock_.Advance(absl::Minutes(10));
  Pass(absl::Seconds(1));
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
  Pass(absl::Seconds(31));
  EXPECT_EQ(StateOf(held.run_id), RunState::kQueued);
}

TEST_F(LeasesTest, ACancelledRunEndsWhenItsWorkerHasStoppedIt) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  ASSERT_TRUE(Cancel(held.run_id).ok());
  EXPECT_EQ(StateOf(held.run_id), RunState::kCancelling);
  EXPECT_THAT(Acquire({held})->stop, ElementsAre(held));
  EXPECT_THAT(Acquire({held})->stop, IsEmpty()) << "told once";
  EXPECT_THAT(Renew({held})->stop, ElementsAre(held)) << "and with every renewal";
  ASSERT_TRUE(Report(held, {FinishedAt(2, "stopped")}).ok());
  ASSERT_EQ(Exit(held, {.exit_code = 3, .message = "", .stderr_tail = ""}), absl::OkStatus());
  EXPECT_EQ(StateOf(held.run_id), RunState::kCancelled);
  EXPECT_TRUE(Cancel(held.run_id).ok()) << "idempotent";
}

TEST_F(LeasesTest, ACancelledRunThatItsWorkerNeverTookEndsAtOnce) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Cancel(held.run_id).ok());
  const auto work = Acquire();
  EXPECT_EQ(StateOf(held.run_id), RunState::kCancelled);
  ASSERT_THAT(work->assignments, SizeIs(1)) << "its slot is free again";
  EXPECT_NE(work->assignments[0].held.run_id, held.run_id);
}

TEST_F(LeasesTest, ACompletedRunIsNotTriedAgainButACancelledOneIs) {
  const Held held = StartOneRun();
  ASSERT_EQ(Complete(held), absl::OkStatus());
  EXPECT_EQ(ReasonOf(Retry(held.run_id).status()), reason::kIllegalTransition);
  const std::string queued = Acquire()->assignments.at(0).held.run_id;
  ASSERT_TRUE(Cancel(queued).ok());
  EXPECT_THAT(Acquire()->assignments, IsEmpty());
  ASSERT_TRUE(Retry(queued).ok());
  const auto work = Acquire();
  EXPECT_EQ(work->assignments.at(0).held, (Held{queued, 2}));
}

TEST_F(LeasesTest, AnUnknownWorkerIsToldToRegister) {
  ASSERT_TRUE(Register("worker", 1).ok());
  incarnation_ = "an earlier one";
  EXPECT_EQ(ReasonOf(Acquire().status()), reason::kUnknownWorker);
  EXPECT_EQ(ReasonOf(Renew({}).status()), reason::kUnknownWorker);
}

TEST_F(LeasesTest, ARestartedWorkerKeepsItsLiveTrainer) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  const auto reply =
      Register("worker", 1, {{.run_id = held.run_id, .attempt = 1, .last_seq = 4, .alive = true}});
  ASSERT_THAT(reply->answers, SizeIs(1));
  EXPECT_EQ(reply->answers[0].action, FoundAction::kKeep);
  EXPECT_EQ(reply->answers[0].next_seq, 2);
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
}

TEST_F(LeasesTest, ARestartedWorkerThatLostARunGivesItUp) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  ASSERT_TRUE(Register("worker", 1).ok());
  const RunRecord run = GetRun(held.run_id);
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_EQ(run.reason, reason::kTrainerLost);
}

TEST_F(LeasesTest, EventsOfAnExpiredAttemptArriveAfterAllAndTheRunWaitsForThem) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  Pass(absl::Seconds(31));
  ASSERT_EQ(StateOf(held.run_id), RunState::kQueued);
  const auto reply = Register("worker", 1, {{.run_id = held.run_id, .attempt = 1, .last_seq = 3}});
  EXPECT_EQ(reply->answers.at(0).action, FoundAction::kDeliver);
  EXPECT_NE(Acquire()->assignments.at(0).held.run_id, held.run_id) << "waits for the delivery";
  ASSERT_EQ(*Report(held, {MetricsAt(2, 2, 4.0), MetricsAt(3, 3, 3.0)}), 4);
  EXPECT_EQ(GetRun(held.run_id).step, 3);
  ASSERT_TRUE(Register("second", 1).ok());
  EXPECT_EQ(Acquire()->assignments.at(0).held, (Held{held.run_id, 2}));
}

TEST_F(LeasesTest, ARunThatHadCompletedWhileItsWorkerWasAwayIsNotTrainedAgain) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  Pass(absl::Seconds(31));
  ASSERT_TRUE(Register("worker", 1,
                       {{.run_id = held.run_id, .attempt = 1, .last_seq = 2, .finished = true}})
                  .ok());
  ASSERT_TRUE(Report(held, {FinishedAt(2, "completed")}).ok());
  EXPECT_EQ(StateOf(held.run_id), RunState::kCompleted);
}

TEST_F(LeasesTest, AnAttemptWhoseLogSaysCompletedIsCompletedWhenItsLeaseExpires) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {FinishedAt(1, "completed")}).ok());
  Pass(absl::Seconds(31));
  EXPECT_EQ(StateOf(held.run_id), RunState::kCompleted);
}

TEST_F(LeasesTest, NoSlotIsGivenTwiceAndWorkersAreListedWithTheirRuns) {
  const auto runs = CreateRuns();
  ASSERT_TRUE(Register("worker", 2).ok());
  const auto work = Acquire();
  ASSERT_THAT(work->assignments, SizeIs(2));
  EXPECT_NE(work->assignments[0].slots, work->assignments[1].slots);
  const auto workers =
      Wait<std::vector<WorkerRecord>>([&](auto done) { store_->ListWorkers(done); });
  ASSERT_THAT(*workers, SizeIs(1));
  EXPECT_TRUE(workers->at(0).connected);
  EXPECT_THAT(workers->at(0).run_of_slot, SizeIs(2));
}

}  // namespace
}  // namespace fp4::store::testing
