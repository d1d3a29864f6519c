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
    {"preempted", kRunning, "stopped", Exited(3), kQueued, reason::kStopped, false},
    {"cut off", kRunning, "stopped", Ended(ExitCause::kLeaseLost), kQueued, reason::kLeaseExpired,
     false},
    {"crashed", kRunning, "", Ended(ExitCause::kSignaled), kQueued, reason::kTrainerCrashed, true},
    {"exit 0 without a word", kRunning, "", Exited(0), kQueued, reason::kTrainerCrashed, true},
    {"exit 1 without a word", kRunning, "", Exited(1), kQueued, reason::kTrainerCrashed, true},
    {"not started", kAssigned, "", Ended(ExitCause::kSpawnFailed), kQueued, reason::kSpawnFailed,
     true},
    {"found dead", kRunning, "", Ended(ExitCause::kLost), kQueued, reason::kTrainerLost, true},
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

TEST(JudgeExpiryTest, CostsARestartOnlyWhenTheTrainerHadReported) {
  EXPECT_FALSE(JudgeExpiry(Leased(kAssigned)).uses_restart);
  EXPECT_TRUE(JudgeExpiry(Leased(kRunning)).uses_restart);
  EXPECT_EQ(JudgeExpiry(Leased(kRunning)).next, kQueued);
  EXPECT_EQ(JudgeExpiry(Leased(kRunning, 2)).next, kFailed);
  EXPECT_EQ(JudgeExpiry(Leased(kCancelling)).next, kCancelled);
}

TEST(JudgeExpiryTest, BelievesTheLog) {
  RunEntry run = Leased(kRunning);
  run.finished = FinishedWord{2, "completed", ""};
  EXPECT_EQ(JudgeExpiry(run).next, kCompleted);
  run.finished = FinishedWord{2, "failed", "loss is NaN at step 7"};
  EXPECT_EQ(JudgeExpiry(run).next, kFailed);
  EXPECT_EQ(JudgeExpiry(run).message, "loss is NaN at step 7");
}

}  // namespace
}  // namespace fp4::core
