#include "server/core/judge_exit.h"

#include "base/reasons.h"
#include "gtest/gtest.h"

namespace fp4::core {
namespace {

using enum RunState;

RunEntry Leased(RunState state, int32_t num_restarts = 0, int32_t max_restarts = 2) {
  RunEntry run;
  run.state = state;
  run.attempt = 2;
  run.num_restarts = num_restarts;
  run.max_restarts = max_restarts;
  run.lease = Lease{.worker_id = "w", .slots = {0}, .expires = absl::Seconds(30)};
  return run;
}

Exit Exited(int32_t code) { return {.exit_code = code, .message = "", .stderr_tail = ""}; }
Exit Ended(ExitCause cause) { return {.cause = cause, .message = "", .stderr_tail = ""}; }

// In the order in which a row is read; its size does not matter.
struct Row {
  const char* what;
  RunState state;
  const char* finished;  // by this attempt; empty: no `finished` event
  Exit exit;
  RunState next;
  std::string_view reason;
  bool uses_restart;
};

const Row kRows[] = {
    {"trained", kRunning, "completed", Exited(0), kCompleted, "", false},
    {"resumed at its end", kAssigned, "completed", Exited(0), kCompleted, "", false},
    {"died after the end", kRunning, "completed", Ended(ExitCause::kSignaled), kCompleted, "",
     false},
    {"completed before the stop", kCancelling, "completed", Exited(0), kCompleted, "", false},
    {"cancelled", kCancelling, "stopped", Exited(3), kCancelled, reason::kCancelled, false},
    {"cancelled, killed", kCancelling, "", Ended(ExitCause::kSignaled), kCancelled,
     reason::kCancelled, false},
    {"said failed", kRunning, "failed", Exited(1), kFailed, reason::kTrainerFailed, false},
    {"bad document", kAssigned, "", Exited(2), kFailed, reason::kBadDocument, false},
    {"too long", kRunning, "stopped", Ended(ExitCause::kMaxRuntime), kFailed, reason::kMaxRuntime,
     false},
    {"stopped by somebody", kRunning, "stopped", Exited(3), kQueued, reason::kStopped, false},
    {"cut off", kRunning, "stopped", Ended(ExitCause::kLeaseLost), kQueued, reason::kLeaseExpired,
     false},
    {"crashed", kRunning, "", Ended(ExitCause::kSignaled), kQueued, reason::kTrainerCrashed, true},
    {"exit 0 without a word", kRunning, "", Exited(0), kQueued, reason::kTrainerCrashed, true},
    {"exit 1 without a word", kRunning, "", Exited(1), kQueued, reason::kTrainerCrashed, true},
    {"not started", kAssigned, "", Ended(ExitCause::kSpawnFailed), kQueued, reason::kSpawnFailed,
     false},
    {"found dead", kRunning, "", Ended(ExitCause::kLost), kQueued, reason::kTrainerLost, false},
    {"its worker was stopped", kRunning, "stopped", Ended(ExitCause::kWorkerStopped), kQueued,
     reason::kStopped, false},
    {"disk full", kRunning, "stopped", Ended(ExitCause::kDiskFull), kQueued, reason::kDiskFull,
     false},
    {"disk gone", kRunning, "", Ended(ExitCause::kMachineFault), kQueued, reason::kMachineFault,
     false},
    {"log with a gap", kRunning, "", Ended(ExitCause::kLogBroken), kQueued, reason::kLogBroken,
     true},
};

TEST(JudgeExitTest, EveryWayToEnd) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    RunEntry run = Leased(row.state);
    if (*row.finished != 0) run.finished = FinishedWord{2, row.finished, ""};
    const Verdict verdict = JudgeExit(run, row.exit);
    EXPECT_EQ(RunStateName(verdict.next), RunStateName(row.next));
    EXPECT_EQ(verdict.reason, row.reason);
    EXPECT_EQ(verdict.uses_restart, row.uses_restart);
    EXPECT_TRUE(IsLegal(row.state, verdict.next));
  }
}

TEST(JudgeExitTest, AFailureThatTheTrainerLaysToTheMachineIsTriedElsewhereForFree) {
  const std::string words = "disk_full: write /w/events.jsonl: No space left on device";
  RunEntry said = Leased(kRunning, 2);
  said.finished = FinishedWord{2, "failed", words};
  Exit died = Exited(1);
  died.stderr_tail = "fp4-train: " + words + "\n";
  for (const Verdict& verdict :
       {JudgeExit(said, Exited(1)), JudgeExpiry(said), JudgeExit(Leased(kRunning, 2), died)}) {
    EXPECT_EQ(verdict.next, kQueued);
    EXPECT_EQ(verdict.reason, reason::kDiskFull);
    EXPECT_EQ(verdict.blame, Blame::kWorker);
    EXPECT_FALSE(verdict.uses_restart);
    EXPECT_TRUE(verdict.elsewhere);
  }
  EXPECT_EQ(JudgeExit(said, Exited(1)).message, "write /w/events.jsonl: No space left on device");
}

TEST(JudgeExitTest, AnEarlierAttemptsFailureDoesNotCount) {
  RunEntry run = Leased(kRunning);
  run.finished = FinishedWord{1, "failed", "of attempt 1"};
  EXPECT_EQ(JudgeExit(run, Exited(3)).next, kQueued);
}

TEST(JudgeExitTest, TheLastRestartIsFollowedByFailureThatNamesTheCause) {
  EXPECT_EQ(JudgeExit(Leased(kRunning, 1), Exited(1)).next, kQueued);
  const Verdict verdict = JudgeExit(Leased(kRunning, 2), {.cause = ExitCause::kSignaled,
                                                          .signal = 9,
                                                          .message = "",
                                                          .stderr_tail = "a\nout of memory\n"});
  EXPECT_EQ(verdict.next, kFailed);
  EXPECT_EQ(verdict.reason, reason::kRestartsExhausted);
  EXPECT_EQ(verdict.message,
            "retry.max_restarts = 2 used up; the last attempt: trainer_crashed: ended by signal 9 "
            "(SIGKILL); stderr: out of memory");
}

TEST(JudgeExitTest, WithoutRestartsTheCauseItselfIsTheReason) {
  EXPECT_EQ(JudgeExit(Leased(kRunning, 0, 0), Exited(1)).reason, reason::kTrainerCrashed);
}

TEST(JudgeExitTest, PausesDoubleUpToAMinute) {
  for (const auto& [num_restarts, seconds] : {std::pair(0, 1), {1, 2}, {2, 4}, {5, 32}, {50, 60}}) {
    const Verdict verdict = JudgeExit(Leased(kRunning, num_restarts, 100), Exited(1));
    EXPECT_EQ(verdict.pause, absl::Seconds(seconds)) << num_restarts;
  }
}

TEST(JudgeExitTest, FreeTriesPauseLongerEachTimeTheRunGetsNoFurther) {
  for (ExitCause cause : {ExitCause::kSpawnFailed, ExitCause::kDiskFull, ExitCause::kMachineFault,
                          ExitCause::kWorkerStopped, ExitCause::kLost, ExitCause::kLeaseLost}) {
    SCOPED_TRACE(ExitCauseName(cause));
    for (const auto& [fruitless, seconds] : {std::pair(0, 1), {1, 2}, {3, 8}, {8, 256}}) {
      RunEntry run = Leased(kRunning);
      run.num_fruitless = fruitless;
      EXPECT_EQ(JudgeExit(run, Ended(cause)).pause, absl::Seconds(seconds)) << fruitless;
      run.progressed = true;
      EXPECT_EQ(JudgeExit(run, Ended(cause)).pause, absl::Seconds(1)) << fruitless;
    }
  }
}

TEST(JudgeExitTest, ARunThatIsStoppedAgainAndAgainBeforeAnyStepFails) {
  RunEntry run = Leased(kRunning);
  int num_attempts = 0;
  while (run.state == kRunning) {
    ASSERT_LT(++num_attempts, 100);
    run = AfterVerdict(run, JudgeExit(run, Exited(3)), absl::Hours(1));
    if (run.state == kQueued) run.state = kRunning;
  }
  EXPECT_EQ(num_attempts, kMaxFruitless);
  EXPECT_EQ(run.state, kFailed);
  run = Leased(kRunning);
  run.num_fruitless = kMaxFruitless - 1;
  EXPECT_EQ(JudgeExit(run, Exited(3)).reason, reason::kNoProgress);
  EXPECT_EQ(JudgeExit(run, Exited(3)).message,
            "10 attempts in a row brought it no step further; the last: stopped: stopped by a "
            "signal");
}

TEST(JudgeExitTest, AWorkersFaultNeverEndsARun) {
  for (ExitCause cause : {ExitCause::kSpawnFailed, ExitCause::kDiskFull, ExitCause::kMachineFault,
                          ExitCause::kWorkerStopped}) {
    RunEntry run = Leased(kRunning, 2);
    run.num_fruitless = 1000;
    const Verdict verdict = JudgeExit(run, Ended(cause));
    EXPECT_EQ(verdict.next, kQueued) << ExitCauseName(cause);
    EXPECT_LE(verdict.pause, absl::Minutes(5)) << ExitCauseName(cause);
  }
}

struct PlaceRow {
  Exit exit;
  bool progressed;
  bool elsewhere;
};
TEST(JudgeExitTest, TheNextAttemptGoesElsewhereUnlessThisWorkerHasShownThatItCanTrain) {
  const PlaceRow rows[] = {{Ended(ExitCause::kSpawnFailed), false, true},
                           {Ended(ExitCause::kDiskFull), true, true},
                           {Ended(ExitCause::kSignaled), false, true},
                           {Ended(ExitCause::kSignaled), true, false},
                           {Exited(3), false, true},
                           {Exited(3), true, false},
                           {Ended(ExitCause::kWorkerStopped), false, false}};
  for (const PlaceRow& row : rows) {
    RunEntry run = Leased(kRunning);
    run.last_worker_id = "w";
    run.progressed = row.progressed;
    const Verdict verdict = JudgeExit(run, row.exit);
    EXPECT_EQ(verdict.elsewhere, row.elsewhere) << verdict.reason;
    const RunEntry next = AfterVerdict(run, verdict, absl::Hours(1));
    EXPECT_EQ(next.avoided.contains("w"), row.elsewhere) << verdict.reason;
    EXPECT_EQ(next.num_fruitless, row.progressed ? 0 : 1) << verdict.reason;
  }
}

TEST(JudgeExpiryTest, CostsNoRestartAndGoesElsewhere) {
  for (RunState state : {kAssigned, kRunning}) {
    const Verdict verdict = JudgeExpiry(Leased(state, 2));
    EXPECT_EQ(verdict.next, kQueued);
    EXPECT_FALSE(verdict.uses_restart);
    EXPECT_TRUE(verdict.elsewhere);
    EXPECT_EQ(verdict.pause, absl::ZeroDuration());
  }
  EXPECT_EQ(JudgeExpiry(Leased(kCancelling)).next, kCancelled);
}

TEST(JudgeExpiryTest, ARunWhoseWorkersAllFallSilentFailsInTheEnd) {
  RunEntry run = Leased(kRunning);
  run.num_fruitless = 3;
  EXPECT_EQ(JudgeExpiry(run).pause, absl::Seconds(4));
  run.num_fruitless = kMaxFruitless - 1;
  EXPECT_EQ(JudgeExpiry(run).next, kFailed);
  EXPECT_EQ(JudgeExpiry(run).reason, reason::kNoProgress);
}

TEST(JudgeExpiryTest, BelievesTheLog) {
  RunEntry run = Leased(kRunning);
  run.finished = FinishedWord{2, "completed", ""};
  EXPECT_EQ(JudgeExpiry(run).next, kCompleted);
  run.finished = FinishedWord{2, "failed", "loss is NaN at step 7"};
  EXPECT_EQ(JudgeExpiry(run).next, kFailed);
  EXPECT_EQ(JudgeExpiry(run).message, "loss is NaN at step 7");
}

TEST(JudgeExitTest, APreemptedRunGoesBackWithNothingHeldAgainstIt) {
  for (const Exit& exit : {Exited(3), Ended(ExitCause::kSignaled)}) {
    RunEntry run = Leased(kRunning);
    run.lease->preempted = true;
    run.num_fruitless = 3;
    const Verdict verdict = JudgeExit(run, exit);
    EXPECT_EQ(verdict.next, kQueued);
    EXPECT_EQ(verdict.reason, reason::kPreempted);
    EXPECT_FALSE(verdict.uses_restart);
    EXPECT_EQ(verdict.blame, Blame::kNobody);
    EXPECT_EQ(verdict.pause, absl::ZeroDuration());
    const RunEntry after = AfterVerdict(run, verdict, absl::Hours(1));
    EXPECT_EQ(after.num_fruitless, 3) << "it was cut short: that says nothing about it";
    EXPECT_EQ(after.queued_since, absl::Hours(1));
  }
}

TEST(JudgeExitTest, AnotherEndOfAPreemptedRunIsJudgedAsItIs) {
  RunEntry run = Leased(kRunning);
  run.lease->preempted = true;
  EXPECT_EQ(JudgeExit(run, Exited(1)).reason, reason::kTrainerCrashed);
  EXPECT_EQ(JudgeExpiry(run).reason, reason::kLeaseExpired);
}

TEST(JudgeExitTest, ARunWithWhichOneWorkerAfterTheOtherIsLostIsSetAside) {
  RunEntry run = Leased(kRunning);
  for (const char* worker : {"w1", "w2"}) {
    run.last_worker_id = worker;
    const Verdict verdict = JudgeExpiry(run);
    EXPECT_EQ(verdict.next, kQueued) << worker;
    run = AfterVerdict(run, verdict, absl::Hours(1));
    run.state = kRunning;
  }
  // The same worker again proves nothing more.
  run.last_worker_id = "w2";
  EXPECT_EQ(JudgeExpiry(run).next, kQueued);
  run.last_worker_id = "w3";
  EXPECT_EQ(JudgeExit(run, Ended(ExitCause::kLost)).reason, reason::kKillsWorkers);
  const Verdict verdict = JudgeExpiry(run);
  EXPECT_EQ(verdict.next, kFailed);
  EXPECT_EQ(verdict.reason, reason::kKillsWorkers);
}

TEST(JudgeExitTest, WorkersThatBroughtTheRunFurtherAreNotHeldAgainstIt) {
  RunEntry run = Leased(kRunning);
  for (const char* worker : {"w1", "w2", "w3", "w4", "w5"}) {
    run.last_worker_id = worker;
    run.progressed = true;
    const Verdict verdict = JudgeExpiry(run);
    EXPECT_EQ(verdict.next, kQueued) << worker;
    run = AfterVerdict(run, verdict, absl::Hours(1));
    run.state = kRunning;
  }
}

TEST(JudgeExitTest, ARunThatDidNotFitGoesElsewhereAtTheCostOfARestart) {
  RunEntry run = Leased(kRunning);
  run.finished = {2, "failed", "out_of_memory: step 1: CUDA out of memory"};
  const Verdict verdict = JudgeExit(run, Exited(1));
  EXPECT_EQ(verdict.next, kQueued);
  EXPECT_EQ(verdict.reason, reason::kOutOfMemory);
  EXPECT_TRUE(verdict.uses_restart && verdict.elsewhere);
  EXPECT_EQ(verdict.blame, Blame::kRun) << "the worker is as good as before";
  run.num_restarts = run.max_restarts;
  EXPECT_EQ(JudgeExit(run, Exited(1)).reason, reason::kRestartsExhausted);
}

TEST(JudgeExitTest, ARunWhoseDataIsMissingLooksForItElsewhereAFewTimes) {
  RunEntry run = Leased(kAssigned);
  const Exit exit = {.exit_code = 2,
                     .message = "",
                     .stderr_tail = "fp4-train: data_missing: data.paths: 'c' matches no file\n"};
  for (int i = 0; i + 1 < kMaxWithoutData; ++i) {
    const Verdict verdict = JudgeExit(run, exit);
    EXPECT_EQ(verdict.next, kQueued);
    EXPECT_EQ(verdict.reason, reason::kDataMissing);
    EXPECT_TRUE(verdict.elsewhere && !verdict.uses_restart);
    run = AfterVerdict(run, verdict, absl::Hours(1));
    run.state = kAssigned;
  }
  EXPECT_EQ(JudgeExit(run, exit).next, kFailed);
  EXPECT_EQ(JudgeExit(run, exit).reason, reason::kDataMissing);
}

}  // namespace
}  // namespace fp4::core
