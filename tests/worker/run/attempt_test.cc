#include "worker/run/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace fp4::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct LogCase {
  const char* name;
  LogSummary log;
  int32_t attempt;
  int64_t next_seq;  // the controller's
  bool set_aside;
  int64_t trainer_next_seq;
};

class PlanLogTest : public testing::TestWithParam<LogCase> {};

TEST_P(PlanLogTest, GoesOnOnlyWithThisHistory) {
  const LogCase& c = GetParam();
  const LogPlan plan = PlanLog(c.log, {.lease = {"r", c.attempt},
                                       .document = "",
                                       .slots = {},
                                       .next_seq = c.next_seq,
                                       .checkpoints = {},
                                       .max_runtime = {}});
  EXPECT_EQ(plan.set_aside, c.set_aside);
  EXPECT_EQ(plan.trainer_next_seq, c.trainer_next_seq);
}

LogSummary Log(int64_t first, int64_t last, int32_t attempt) {
  LogSummary log;
  log.first_seq = first;
  log.last_seq = last;
  log.last_attempt = attempt;
  return log;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, PlanLogTest,
    testing::Values(LogCase{"no_log", {}, 1, 1, false, 1},
                    LogCase{"no_log_here_but_elsewhere", {}, 3, 41, false, 41},
                    LogCase{"all_delivered", Log(1, 40, 1), 2, 41, false, 41},
                    LogCase{"all_delivered_long_ago", Log(1, 40, 1), 5, 41, false, 41},
                    LogCase{"rest_of_the_attempt_before", Log(1, 40, 1), 2, 31, false, 41},
                    LogCase{"rest_but_another_host_wrote_since", Log(1, 40, 1), 3, 31, true, 31},
                    LogCase{"another_host_wrote_more", Log(1, 40, 1), 3, 61, true, 61},
                    LogCase{"controller_lost_what_is_not_here", Log(31, 40, 1), 2, 21, true, 21}),
    [](const auto& test) { return test.param.name; });

// Those that the controller holds, and what is to be brought here.
CheckpointRef Held(int64_t step) {
  return {.path = absl::StrCat("/elsewhere/", step), .step = step, .attempt = 1, .stored = true};
}

TEST(ChooseBeginning, FetchesWhatTheControllerHoldsBeforeItTakesAnOlderOneThatIsHere) {
  Assignment assignment;
  assignment.next_seq = 31;
  assignment.checkpoints = {{.path = "/lost", .step = 30, .attempt = 1}, Held(25), Held(20)};
  std::set<std::string> readable = {"/here/step-00000020.attempt-1"};
  const auto choose = [&](const std::set<CheckpointKey>& given_up) {
    return ChooseBeginning(
        {}, {}, assignment, "/here",
        [&](const std::string& path) { return readable.contains(path); }, given_up);
  };
  EXPECT_EQ(choose({}).fetch, Held(25));
  EXPECT_EQ(choose({{25, 1}}).folder, "/here/step-00000020.attempt-1");
  readable = {"/here/step-00000025.attempt-1"};  // it has arrived
  EXPECT_EQ(choose({}).folder, "/here/step-00000025.attempt-1");
  readable.clear();
  EXPECT_EQ(choose({{25, 1}, {20, 1}}), Beginning{});
}

struct CheckpointCase {
  const char* name;
  std::vector<LoggedCheckpoint> logged;  // of a log up to seq 40
  LogPlan plan;
  std::vector<CheckpointRef> stored;  // up to seq 30
  std::vector<std::string> readable;
  const char* chosen;
};

class ChooseBeginningTest : public testing::TestWithParam<CheckpointCase> {};

TEST_P(ChooseBeginningTest, TakesTheNewestReadableOneOfThisHistory) {
  const CheckpointCase& c = GetParam();
  LogSummary log = Log(1, 40, 1);
  log.checkpoints = c.logged;
  Assignment assignment;
  assignment.next_seq = 31;
  assignment.checkpoints = c.stored;
  const auto is_readable = [&](const std::string& path) {
    return std::ranges::find(c.readable, path) != c.readable.end();
  };
  EXPECT_EQ(ChooseBeginning(log, c.plan, assignment, "/here", is_readable).folder, c.chosen);
}

constexpr LogPlan kGoesOn = {.set_aside = false, .trainer_next_seq = 41};
constexpr LogPlan kSetAside = {.set_aside = true, .trainer_next_seq = 31};
const std::vector<LoggedCheckpoint> kLogged = {
    {10, {"/10", 10}}, {20, {"/20", 20}}, {35, {"/35", 35}}};
const std::vector<CheckpointRef> kStored = {{"/elsewhere", 25}, {"/20", 20}, {"/10", 10}};

INSTANTIATE_TEST_SUITE_P(
    Cases, ChooseBeginningTest,
    testing::Values(
        CheckpointCase{"one_that_is_delivered_first",
                       kLogged,
                       kGoesOn,
                       kStored,
                       {"/10", "/20", "/elsewhere", "/35"},
                       "/35"},
        CheckpointCase{"a_silent_attempts_does_not_count",
                       kLogged,
                       kSetAside,
                       kStored,
                       {"/10", "/20", "/elsewhere", "/35"},
                       "/elsewhere"},
        CheckpointCase{
            "the_newest_stored", {}, kSetAside, kStored, {"/10", "/elsewhere"}, "/elsewhere"},
        CheckpointCase{"an_older_stored_one", {}, kSetAside, kStored, {"/10"}, "/10"},
        CheckpointCase{"one_that_only_the_log_remembers",
                       kLogged,
                       kGoesOn,
                       {{"/elsewhere", 25}},
                       {"/20", "/10"},
                       "/20"},
        CheckpointCase{"none_can_be_read", kLogged, kGoesOn, kStored, {}, "none"},
        CheckpointCase{"none_is_stored", {}, kGoesOn, {}, {"/10"}, "none"}),
    [](const auto& test) { return test.param.name; });

TEST(MakeSpawnRequestTest, GivesGpusByUuidAndHidesThemFromCpuSlots) {
  const TrainerCommand command = {
      .program = "/bin/fp4-train", .resume_from = "none", .next_seq = 7};
  const RunDirectory directory("/w/runs/abc");
  Slot cpu, gpu0, gpu1;
  gpu0.kind = gpu1.kind = SlotKind::kGpu;
  gpu0.device = "GPU-0";
  gpu1.device = "GPU-1";

  const SpawnRequest on_cpu = MakeSpawnRequest(command, directory, 2, {cpu});
  EXPECT_THAT(on_cpu.environment, ElementsAre(Pair("CUDA_VISIBLE_DEVICES", "")));
  EXPECT_THAT(on_cpu.arguments,
              ElementsAre("/bin/fp4-train", "/w/runs/abc/run.json", "--run-dir", "/w/runs/abc",
                          "--attempt", "2", "--next-seq", "7", "--resume-from", "none",
                          "--lease-file", "/w/runs/abc/lease.json", "--device", "cpu"));
  EXPECT_EQ(on_cpu.stderr_file, "/w/runs/abc/stderr.2.log");

  const SpawnRequest on_gpus = MakeSpawnRequest(command, directory, 2, {gpu0, gpu1});
  EXPECT_THAT(on_gpus.environment, ElementsAre(Pair("CUDA_VISIBLE_DEVICES", "GPU-0,GPU-1")));
  EXPECT_EQ(on_gpus.arguments.back(), "cuda:0");
}

struct ExitCase {
  const char* name;
  ProcessEnd end;
  StopReason reason;  // for which the trainer was asked to stop; kNone: it was not
  const char* finished;
  ExitCause cause;
  int code, signal;
};

class JudgeExitTest : public testing::TestWithParam<ExitCase> {};

TEST_P(JudgeExitTest, SaysHowItEnded) {
  const ExitCase& c = GetParam();
  Ending ending{.reason = c.reason, .terminated = c.reason != StopReason::kNone};
  LogSummary log = Log(1, 9, 2);
  if (*c.finished != '\0') log.finished = spec::FinishedEvent{.status = c.finished, .reason = ""};
  const ExitReport report = JudgeExit(c.end, ending, log, 2, "last words\n");
  EXPECT_EQ(report.cause, c.cause);
  EXPECT_EQ(report.exit_code, c.code);
  EXPECT_EQ(report.signal, c.signal);
  EXPECT_EQ(report.stderr_tail, "last words\n");
}

ProcessEnd Code(int code) { return {.exit_code = code, .signal = {}}; }
ProcessEnd Signal(int signal) { return {.exit_code = {}, .signal = signal}; }
constexpr StopReason kNot = StopReason::kNone;

INSTANTIATE_TEST_SUITE_P(
    Cases, JudgeExitTest,
    testing::Values(
        ExitCase{"completed", Code(0), kNot, "completed", ExitCause::kExited, 0, 0},
        ExitCase{"failed", Code(1), kNot, "failed", ExitCause::kExited, 1, 0},
        ExitCase{"crashed", Signal(SIGSEGV), kNot, "", ExitCause::kSignaled, 0, SIGSEGV},
        ExitCase{"cancelled", Code(3), StopReason::kRequested, "stopped", ExitCause::kExited, 3, 0},
        ExitCase{"lease_lost", Code(3), StopReason::kLeaseExpired, "stopped", ExitCause::kLeaseLost,
                 3, 0},
        ExitCase{"done_before_the_lease_was_lost", Code(0), StopReason::kLeaseExpired, "completed",
                 ExitCause::kExited, 0, 0},
        ExitCase{"worker_stopped", Code(3), StopReason::kShutdown, "stopped",
                 ExitCause::kWorkerStopped, 3, 0},
        ExitCase{"too_long", Signal(SIGKILL), StopReason::kMaxRuntime, "", ExitCause::kMaxRuntime,
                 0, SIGKILL},
        ExitCase{"adopted_completed", {}, kNot, "completed", ExitCause::kExited, 0, 0},
        ExitCase{"adopted_failed", {}, kNot, "failed", ExitCause::kExited, 1, 0},
        ExitCase{"adopted_stopped", {}, kNot, "stopped", ExitCause::kExited, 3, 0},
        ExitCase{"adopted_lost", {}, kNot, "", ExitCause::kLost, 0, 0}),
    [](const auto& test) { return test.param.name; });

struct HostCase {
  const char* name;
  ProcessEnd end;
  StopReason reason;
  const char* finished;
  bool reported;
  HostWitness host;
  ExitCause cause;
};

class WithHostTest : public testing::TestWithParam<HostCase> {};

TEST_P(WithHostTest, BlamesTheHostForWhatTheTrainerDidNotExplain) {
  const HostCase& c = GetParam();
  const Ending ending{.reason = c.reason, .terminated = c.reason != StopReason::kNone};
  LogSummary log = c.reported ? Log(1, 9, 2) : LogSummary();
  if (*c.finished != '\0') log.finished = spec::FinishedEvent{.status = c.finished, .reason = ""};
  ExitReport report = JudgeExit(c.end, ending, log, 2, "");
  if (IsUnexplained(report, ending, log, 2)) report = WithHost(report, c.host, c.reported);
  EXPECT_EQ(report.cause, c.cause) << report.message;
}

const HostWitness kWell = {};
const HostWitness kFull = {.folder = absl::ResourceExhaustedError("/w has 0 MiB left")};
const HostWitness kBroken = {.folder = absl::InternalError("fsync /w/check.probe: I/O error")};
const HostWitness kLeaseOver = {.folder = absl::OkStatus(), .lease_over = true};

INSTANTIATE_TEST_SUITE_P(
    Cases, WithHostTest,
    testing::Values(
        HostCase{"crash", Signal(SIGSEGV), kNot, "", true, kWell, ExitCause::kSignaled},
        HostCase{"crash_on_a_full_disk", Code(1), kNot, "", true, kFull, ExitCause::kDiskFull},
        HostCase{"sigbus_on_a_full_disk", Signal(SIGBUS), kNot, "", true, kFull,
                 ExitCause::kDiskFull},
        HostCase{"crash_on_a_broken_disk", Code(1), kNot, "", true, kBroken,
                 ExitCause::kMachineFault},
        HostCase{"it_said_why", Code(1), kNot, "failed", true, kFull, ExitCause::kExited},
        HostCase{"completed_on_a_full_disk", Code(0), kNot, "completed", true, kFull,
                 ExitCause::kExited},
        HostCase{"bad_document_on_a_full_disk", Code(2), kNot, "", false, kFull,
                 ExitCause::kExited},
        HostCase{"cancelled_on_a_full_disk", Code(1), StopReason::kRequested, "", true, kFull,
                 ExitCause::kExited},
        HostCase{"a_library_is_missing", Code(127), kNot, "", false, kWell,
                 ExitCause::kSpawnFailed},
        HostCase{"exit_127_of_a_trainer_that_ran", Code(127), kNot, "", true, kWell,
                 ExitCause::kExited},
        HostCase{"its_lease_file_was_not_renewed", Code(1), kNot, "", true, kLeaseOver,
                 ExitCause::kLeaseLost},
        HostCase{"found_dead_on_a_full_disk", {}, kNot, "", true, kFull, ExitCause::kDiskFull}),
    [](const auto& test) { return test.param.name; });

TEST(JudgeExitTest, FinishedOfAnEarlierAttemptProvesNothing) {
  LogSummary log = Log(1, 9, 1);
  log.finished = spec::FinishedEvent{.status = "completed", .reason = ""};
  EXPECT_EQ(JudgeExit({}, {}, log, 2, "").cause, ExitCause::kLost);
}

TEST(JudgeExitTest, TellsAKillOfTheWorkerFromAnother) {
  Ending ending{.reason = StopReason::kRequested, .terminated = true, .killed = true};
  EXPECT_THAT(JudgeExit(Signal(SIGKILL), ending, {}, 1, "").message,
              HasSubstr("did not stop in time"));
  EXPECT_THAT(JudgeExit(Signal(SIGKILL), {}, {}, 1, "").message, HasSubstr("out of memory"));
}

}  // namespace
}  // namespace fp4::worker
