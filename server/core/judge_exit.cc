#include "server/core/judge_exit.h"

#include <string.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/reasons.h"
#include "base/trainer_exit.h"
#include "server/core/pause.h"

namespace fp4::core {
namespace {

using enum RunState;

constexpr absl::Duration kLongestCrashPause = absl::Minutes(1);
// On top of twice the pause before the next attempt.
constexpr absl::Duration kAvoidPatience = absl::Seconds(30);

Verdict Final(RunState state, std::string_view reason, std::string message,
              Blame blame = Blame::kNobody) {
  Verdict verdict;
  verdict.next = state;
  verdict.reason = std::string(reason);
  verdict.message = std::move(message);
  verdict.blame = blame;
  return verdict;
}

// With this attempt, should it end now.
int32_t NumFruitless(const RunEntry& run) { return run.progressed ? 0 : run.num_fruitless + 1; }

// A try that cost the run nothing.
Verdict AgainForFree(const RunEntry& run, std::string_view reason, std::string message,
                     Blame blame) {
  Verdict verdict = Final(kQueued, reason, std::move(message), blame);
  verdict.elsewhere = blame == Blame::kWorker || (blame == Blame::kUnknown && !run.progressed);
  verdict.pause = PauseAfter(std::max(NumFruitless(run), 1));
  return verdict;
}

// The same, as long as the run gets anywhere with it.
Verdict AgainWhileUseful(const RunEntry& run, std::string_view reason, const std::string& message) {
  if (NumFruitless(run) < kMaxFruitless) {
    return AgainForFree(run, reason, message, Blame::kUnknown);
  }
  return Final(
      kFailed, reason::kNoProgress,
      absl::StrCat(kMaxFruitless, " attempts in a row brought it no step further; the last: ",
                   std::string(reason), message.empty() ? "" : ": ", message),
      Blame::kUnknown);
}

Verdict AgainOrFail(const RunEntry& run, std::string_view reason, const std::string& message) {
  if (run.num_restarts < run.max_restarts) {
    Verdict verdict = Final(kQueued, reason, message, Blame::kUnknown);
    verdict.uses_restart = true;
    verdict.elsewhere = !run.progressed;
    verdict.pause = PauseAfter(run.num_restarts + 1, kLongestCrashPause);
    return verdict;
  }
  if (run.max_restarts == 0) return Final(kFailed, reason, message, Blame::kUnknown);
  return Final(kFailed, reason::kRestartsExhausted,
               absl::StrCat("retry.max_restarts = ", run.max_restarts,
                            " used up; the last attempt: ", std::string(reason),
                            message.empty() ? "" : ": ", message),
               Blame::kUnknown);
}

// The end of a run that was being cancelled.
Verdict Cancelled(const RunEntry& run, std::string message) {
  if (run.stop_reason.empty()) return Final(kCancelled, reason::kCancelled, std::move(message));
  return Final(kCancelled, run.stop_reason, run.stop_message);
}

// It was asked to make room. Nothing is held against it, and it goes on when a slot is free.
Verdict Preempted(std::string message) {
  Verdict verdict = Final(kQueued, reason::kPreempted, std::move(message));
  verdict.counts = false;
  return verdict;
}

// Its worker is gone, or was found restarted with the trainer dead.
Verdict WorkerLost(const RunEntry& run, std::string_view reason, const std::string& message) {
  std::set<std::string> lost = run.lost_workers;
  lost.insert(run.last_worker_id);
  Verdict verdict = AgainWhileUseful(run, reason, message);
  if (!run.progressed && lost.size() >= kMaxLostWorkers) {
    verdict = Final(kFailed, reason::kKillsWorkers,
                    absl::StrCat(lost.size(),
                                 " workers in a row were lost with it, and none of "
                                 "them brought it further; the last: ",
                                 std::string(reason), ": ", message),
                    Blame::kRun);
  }
  verdict.lost_worker = true;
  return verdict;
}

// A larger device may do; this one would not.
Verdict OutOfMemory(const RunEntry& run, const std::string& message) {
  Verdict verdict = AgainOrFail(run, reason::kOutOfMemory, message);
  verdict.elsewhere = true;
  verdict.blame = Blame::kRun;
  return verdict;
}

// Other machines may have the files.
Verdict DataMissing(const RunEntry& run, const std::string& message) {
  if (NumFruitless(run) >= kMaxWithoutData) {
    return Final(kFailed, reason::kDataMissing, message, Blame::kRun);
  }
  return AgainForFree(run, reason::kDataMissing, message, Blame::kUnknown);
}

bool LogSaysCompleted(const RunEntry& run) {
  return run.finished && run.finished->status == outcome::kCompleted;
}

// What this attempt's log says of its failure.
const FinishedWord* OwnFailure(const RunEntry& run) {
  const bool failed = run.finished && run.finished->attempt == run.attempt &&
                      run.finished->status == outcome::kFailed;
  return failed ? &*run.finished : nullptr;
}

// A failure that the trainer itself lays to the machine: "disk_full: write /w/…".
std::optional<Verdict> JudgeMachineFault(const RunEntry& run, const std::string& last_words) {
  const std::string_view reason = MachineReasonOf(last_words);
  if (reason.empty()) return std::nullopt;
  const size_t colon = last_words.find(reason) + reason.size();
  const std::string message = last_words.substr(colon + 2);
  if (reason == reason::kOutOfMemory) return OutOfMemory(run, message);
  if (reason == reason::kDataMissing) return DataMissing(run, message);
  return AgainForFree(run, reason, message, Blame::kWorker);
}

std::string LastLine(const std::string& text) {
  absl::string_view rest = absl::StripTrailingAsciiWhitespace(text);
  const size_t newline = rest.rfind('\n');
  return std::string(newline == absl::string_view::npos ? rest : rest.substr(newline + 1));
}

std::string SignalName(int32_t signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("signal ", signal)
                         : absl::StrCat("signal ", signal, " (SIG", name, ")");
}

// How it ended, and the last that the trainer said.
std::string Describe(const Exit& exit, std::string how) {
  if (!exit.message.empty()) absl::StrAppend(&how, how.empty() ? "" : "; ", exit.message);
  const std::string last = LastLine(exit.stderr_tail);
  if (!last.empty()) absl::StrAppend(&how, how.empty() ? "" : "; ", "stderr: ", last);
  return how;
}

Verdict JudgeExitStatus(const RunEntry& run, const Exit& exit) {
  switch (exit.exit_code) {
    case kExitBadDocument:
      if (auto verdict = JudgeMachineFault(run, LastLine(exit.stderr_tail))) return *verdict;
      return Final(kFailed, reason::kBadDocument, Describe(exit, ""), Blame::kRun);
    case kExitStopped:
      return AgainWhileUseful(run, reason::kStopped, Describe(exit, "stopped by a signal"));
    default:
      if (auto verdict = JudgeMachineFault(run, LastLine(exit.stderr_tail))) return *verdict;
      return AgainOrFail(run, reason::kTrainerCrashed,
                         Describe(exit, absl::StrCat("exit status ", exit.exit_code,
                                                     " without a `finished` event")));
  }
}

Verdict JudgeCause(const RunEntry& run, const Exit& exit) {
  switch (exit.cause) {
    case ExitCause::kExited:
      return JudgeExitStatus(run, exit);
    case ExitCause::kSignaled:
      return AgainOrFail(run, reason::kTrainerCrashed,
                         Describe(exit, absl::StrCat("ended by ", SignalName(exit.signal))));
    case ExitCause::kLeaseLost:
      return AgainWhileUseful(run, reason::kLeaseExpired,
                              Describe(exit, "its worker could not reach the controller"));
    case ExitCause::kMaxRuntime:
      return Final(kFailed, reason::kMaxRuntime, Describe(exit, "resources.max_runtime has passed"),
                   Blame::kRun);
    case ExitCause::kSpawnFailed:
      return AgainForFree(run, reason::kSpawnFailed, Describe(exit, ""), Blame::kWorker);
    case ExitCause::kLost:
      return WorkerLost(run, reason::kTrainerLost,
                        Describe(exit, "found dead after its worker's restart"));
    case ExitCause::kWorkerStopped:
      return AgainForFree(run, reason::kStopped, Describe(exit, "its worker was stopped"),
                          Blame::kNobody);
    case ExitCause::kDiskFull:
      return AgainForFree(run, reason::kDiskFull, Describe(exit, ""), Blame::kWorker);
    case ExitCause::kMachineFault:
      return AgainForFree(run, reason::kMachineFault, Describe(exit, ""), Blame::kWorker);
    case ExitCause::kLogBroken:
      return AgainOrFail(run, reason::kLogBroken, Describe(exit, ""));
  }
  return {};
}

Verdict JudgeOwnWord(const RunEntry& run, const FinishedWord& word) {
  if (auto verdict = JudgeMachineFault(run, word.reason)) return *verdict;
  return Final(kFailed, reason::kTrainerFailed, word.reason, Blame::kRun);
}

}  // namespace

Verdict JudgeExit(const RunEntry& run, const Exit& exit) {
  if (LogSaysCompleted(run)) return Final(kCompleted, "", "");
  if (run.state == kCancelling) return Cancelled(run, "");
  if (const FinishedWord* word = OwnFailure(run)) {
    return JudgeOwnWord(run, *word);
  }
  const bool stopped = exit.cause == ExitCause::kExited && exit.exit_code == kExitStopped;
  const bool killed = exit.cause == ExitCause::kSignaled;  // it took too long to stop
  if (run.lease && run.lease->preempted && (stopped || killed)) {
    return Preempted(killed ? Describe(exit, "killed: it did not stop in time") : "");
  }
  return JudgeCause(run, exit);
}

Verdict JudgeExpiry(const RunEntry& run) {
  if (LogSaysCompleted(run)) return Final(kCompleted, "", "");
  if (run.state == kCancelling) {
    return Cancelled(run, "its worker did not confirm the stop in time");
  }
  if (const FinishedWord* word = OwnFailure(run)) {
    return JudgeOwnWord(run, *word);
  }
  Verdict verdict = WorkerLost(run, reason::kLeaseExpired, "its worker did not renew the lease");
  if (verdict.next != kQueued) return verdict;
  // To wait for the end of the lease was the first pause.
  verdict.pause = PauseAfter(NumFruitless(run) - 1);
  verdict.elsewhere = true;
  return verdict;
}

Verdict JudgeUntaken(const RunEntry& run) {
  return run.state == kCancelling ? Cancelled(run, "") : Preempted("before it began");
}

RunEntry AfterVerdict(RunEntry run, const Verdict& verdict, absl::Duration now) {
  if (verdict.counts) run.num_fruitless = NumFruitless(run);
  if (run.progressed || !verdict.lost_worker) run.lost_workers.clear();
  if (verdict.lost_worker && !run.progressed) run.lost_workers.insert(run.last_worker_id);
  if (verdict.next == kQueued) run.queued_since = now;
  run.state = verdict.next;
  run.lease.reset();
  run.progressed = false;
  run.stop_reason.clear();
  run.stop_message.clear();
  if (verdict.uses_restart) ++run.num_restarts;
  run.not_before =
      verdict.pause > absl::ZeroDuration() ? now + verdict.pause : -absl::InfiniteDuration();
  if (verdict.elsewhere) {
    run.avoided[run.last_worker_id] = now + 2 * verdict.pause + kAvoidPatience;
  }
  return run;
}

void NoteEnd(WorkerStanding& standing, const std::string& run_id, const RunEntry& run,
             const Verdict& verdict, absl::Duration now) {
  if (run.progressed || verdict.next == kCompleted) return NoteProgress(standing);
  const auto is_other = [&](const auto& entry) { return entry.first != run.last_worker_id; };
  NoteBadEnd(
      standing,
      {.run_id = run_id,
       .experiment_id = run.experiment_id,
       .blame = verdict.blame,
       .failed_elsewhere = std::ranges::any_of(run.avoided, is_other),
       .what = absl::StrCat(verdict.reason, verdict.message.empty() ? "" : ": ", verdict.message)},
      now);
}

}  // namespace fp4::core
