#include "worker/run/attempt.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/trainer_exit.h"
#include "worker/host/trainer_user.h"

namespace fp4::worker {
namespace {

// What shells and the dynamic loader give for a program that is not there.
constexpr int kNotFound = 127;

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

std::string LocalFolder(const CheckpointRef& checkpoint,
                        const std::filesystem::path& local_checkpoints) {
  const std::string name =
      absl::StrFormat("step-%08d.attempt-%d", checkpoint.step, checkpoint.attempt);
  return (local_checkpoints / name).string();
}

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

Beginning ChooseBeginning(const LogSummary& log, const LogPlan& plan, const Assignment& assignment,
                          const std::filesystem::path& local_checkpoints,
                          const std::function<bool(const std::string&)>& is_readable,
                          const std::set<CheckpointKey>& given_up) {
  const int64_t stored_until = assignment.next_seq;
  // By age: those that are delivered first, those that are stored, and of the latter what only the
  // log here remembers.
  std::vector<CheckpointRef> undelivered, older;
  for (auto entry = log.checkpoints.rbegin(); entry != log.checkpoints.rend(); ++entry) {
    if (plan.set_aside) break;
    const bool is_undelivered = entry->seq >= stored_until && entry->seq < plan.trainer_next_seq;
    if (is_undelivered) undelivered.push_back(entry->checkpoint);
    if (entry->seq < stored_until && !assignment.checkpoints.empty()) {
      older.push_back(entry->checkpoint);
    }
  }
  for (const auto& checkpoints : {undelivered, assignment.checkpoints, older}) {
    for (const CheckpointRef& one : checkpoints) {
      const std::string here = LocalFolder(one, local_checkpoints);
      if (is_readable(one.path)) return {.folder = one.path};
      if (is_readable(here)) return {.folder = here};
      if (one.stored && !given_up.contains({one.step, one.attempt})) return {.fetch = one};
    }
  }
  return {};
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
  } else if (ending.reason == StopReason::kShutdown) {
    report.cause = ExitCause::kWorkerStopped;
  }
  return report;
}

bool IsUnexplained(const ExitReport& report, const Ending& ending, const LogSummary& log,
                   int32_t attempt) {
  if (ending.terminated || ending.killed || FinishedOf(log, attempt) != nullptr) return false;
  if (report.cause == ExitCause::kSignaled || report.cause == ExitCause::kLost) return true;
  return report.cause == ExitCause::kExited && report.exit_code != kExitCompleted &&
         report.exit_code != kExitBadDocument && report.exit_code != kExitStopped;
}

ExitReport WithHost(ExitReport report, const HostWitness& host, bool reported) {
  const auto because = [&](ExitCause cause, std::string_view why) {
    report.cause = cause;
    absl::StrAppend(&report.message, report.message.empty() ? "" : "; ", std::string(why));
  };
  const bool not_loaded = report.cause == ExitCause::kExited && !reported &&
                          (report.exit_code == kCannotExecute || report.exit_code == kNotFound);
  if (!host.folder.ok()) {
    because(
        absl::IsResourceExhausted(host.folder) ? ExitCause::kDiskFull : ExitCause::kMachineFault,
        {host.folder.message().data(), host.folder.message().size()});
  } else if (not_loaded) {
    because(ExitCause::kSpawnFailed,
            absl::StrCat("the trainer could not be loaded (exit status ", report.exit_code, ")"));
  } else if (host.lease_over && report.cause == ExitCause::kExited) {
    because(ExitCause::kLeaseLost, "it ended by itself, with its lease");
  }
  return report;
}

}  // namespace fp4::worker
