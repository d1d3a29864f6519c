#include "worker/run/attempt.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/trainer_exit.h"

namespace fp4::worker {
namespace {

// The log's `finished`, if this attempt wrote it.
const spec::FinishedEvent* FinishedOf(const LogSummary& log, int32_t attempt) {
  return log.finished.has_value() && log.last_attempt == attempt ? &*log.finished : nullptr;
}

ExitReport FromLog(const spec::FinishedEvent* finished) {
  if (finished == nullptr) return {.cause = ExitCause::kLost};
  return {.cause = ExitCause::kExited, .exit_code = ExitStatusOf(finished->status)};
}

ExitReport FromProcess(const ProcessEnd& end, const Ending& ending,
                       const spec::FinishedEvent* finished) {
  if (end.exit_code.has_value()) return {.cause = ExitCause::kExited, .exit_code = *end.exit_code};
  if (!end.signal.has_value()) return FromLog(finished);
  ExitReport report{.cause = ExitCause::kSignaled, .signal = *end.signal};
  if (ending.killed) {
    report.message = "killed by its worker: it did not stop in time";
  } else if (*end.signal == SIGKILL) {
    report.message = "not by its worker; out of memory?";
  }
  return report;
}

}  // namespace

LogPlan PlanLog(const LogSummary& log, const Assignment& assignment) {
  const int64_t next = assignment.next_seq;
  if (log.last_seq == 0 || next == log.last_seq + 1)
    return {.set_aside = false, .trainer_next_seq = next};
  const bool holds_next = log.first_seq <= next && next <= log.last_seq;
  const bool nobody_between = log.last_attempt >= assignment.lease.attempt - 1;
  if (holds_next && nobody_between) {
    return {.set_aside = false, .trainer_next_seq = log.last_seq + 1};
  }
  return {.set_aside = true, .trainer_next_seq = next};
}

std::string ChooseCheckpoint(const LogSummary& log, const LogPlan& plan,
                             const Assignment& assignment,
                             const std::function<bool(const std::string&)>& is_complete) {
  if (assignment.resume_from.empty() && plan.trainer_next_seq == assignment.next_seq) return "none";
  if (!assignment.resume_from.empty() && is_complete(assignment.resume_from))
    return assignment.resume_from;
  if (!plan.set_aside) {
    auto newest = std::find_if(log.checkpoints.rbegin(), log.checkpoints.rend(), is_complete);
    if (newest != log.checkpoints.rend()) return *newest;
  }
  return "none";
}

SpawnRequest MakeSpawnRequest(const TrainerCommand& command, const RunDirectory& directory,
                              int32_t attempt, const std::vector<Slot>& slots) {
  std::vector<std::string> gpus;
  for (const Slot& slot : slots) {
    if (slot.kind == SlotKind::kGpu) gpus.push_back(slot.device);
  }
  SpawnRequest request;
  request.arguments = {command.program.string(),
                       directory.document().string(),
                       "--run-dir",
                       directory.path().string(),
                       "--attempt",
                       absl::StrCat(attempt),
                       "--next-seq",
                       absl::StrCat(command.next_seq),
                       "--resume-from",
                       command.resume_from,
                       "--lease-file",
                       directory.lease().string(),
                       "--device",
                       gpus.empty() ? "cpu" : "cuda:0"};
  request.environment = {{"CUDA_VISIBLE_DEVICES", absl::StrJoin(gpus, ",")}};
  request.working_folder = directory.path();
  request.stdout_file = directory.stdout_log(attempt);
  request.stderr_file = directory.stderr_log(attempt);
  return request;
}

ExitReport JudgeExit(const ProcessEnd& end, const Ending& ending, const LogSummary& log,
                     int32_t attempt, std::string stderr_tail) {
  ExitReport report = FromProcess(end, ending, FinishedOf(log, attempt));
  report.stderr_tail = std::move(stderr_tail);
  const bool completed = report.cause == ExitCause::kExited && report.exit_code == kExitCompleted;
  const bool was_ended = ending.terminated || ending.killed;
  if (completed || !was_ended) return report;
  if (ending.reason == StopReason::kLeaseExpired) {
    report.cause = ExitCause::kLeaseLost;
  } else if (ending.reason == StopReason::kMaxRuntime) {
    report.cause = ExitCause::kMaxRuntime;
  }
  return report;
}

}  // namespace fp4::worker
