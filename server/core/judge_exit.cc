#include "server/core/judge_exit.h"

#include <string.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/reasons.h"
#include "base/trainer_exit.h"

namespace fp4::core {
namespace {

using enum RunState;

constexpr absl::Duration kFirstPause = absl::Seconds(1), kLongestPause = absl::Minutes(1);

absl::Duration PauseAfter(int32_t num_restarts) {
  absl::Duration pause = kFirstPause;
  for (int i = 1; i < num_restarts && pause < kLongestPause; ++i) pause *= 2;
  return std::min(pause, kLongestPause);
}

Verdict Final(RunState state, std::string_view reason, std::string message) {
  return {.next = state, .reason = std::string(reason), .message = std::move(message)};
}

// A try that cost the run nothing.
Verdict AgainForFree(std::string_view reason, std::string message) {
  return Final(kQueued, reason, std::move(message));
}

Verdict AgainOrFail(const RunEntry& run, std::string_view reason, const std::string& message) {
  if (run.num_restarts < run.max_restarts) {
    Verdict verdict = Final(kQueued, reason, message);
    verdict.uses_restart = true;
    verdict.pause = PauseAfter(run.num_restarts + 1);
    return verdict;
  }
  if (run.max_restarts == 0) return Final(kFailed, reason, message);
  return Final(kFailed, reason::kRestartsExhausted,
               absl::StrCat("retry.max_restarts = ", run.max_restarts,
                            " used up; the last attempt: ", std::string(reason),
                            message.empty() ? "" : ": ", message));
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
      return Final(kFailed, reason::kBadDocument, Describe(exit, ""));
    case kExitStopped:
      return AgainForFree(reason::kStopped, Describe(exit, "stopped by a signal"));
    default:
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
      return AgainForFree(reason::kLeaseExpired,
                          Describe(exit, "its worker could not reach the controller"));
    case ExitCause::kMaxRuntime:
      return Final(kFailed, reason::kMaxRuntime,
                   Describe(exit, "resources.max_runtime has passed"));
    case ExitCause::kSpawnFailed:
      return AgainOrFail(run, reason::kSpawnFailed, Describe(exit, ""));
    case ExitCause::kLost:
      return AgainOrFail(run, reason::kTrainerLost,
                         Describe(exit, "found dead after its worker's restart"));
  }
  return {};
}

}  // namespace

Verdict JudgeExit(const RunEntry& run, const Exit& exit) {
  if (LogSaysCompleted(run)) return Final(kCompleted, "", "");
  if (run.state == kCancelling) return Final(kCancelled, reason::kCancelled, "");
  if (const FinishedWord* word = OwnFailure(run)) {
    return Final(kFailed, reason::kTrainerFailed, word->reason);
  }
  return JudgeCause(run, exit);
}

Verdict JudgeExpiry(const RunEntry& run) {
  if (LogSaysCompleted(run)) return Final(kCompleted, "", "");
  if (run.state == kCancelling) {
    return Final(kCancelled, reason::kCancelled, "its worker did not confirm the stop in time");
  }
  if (const FinishedWord* word = OwnFailure(run)) {
    return Final(kFailed, reason::kTrainerFailed, word->reason);
  }
  const std::string message = "its worker did not renew the lease";
  if (run.state == kAssigned) return AgainForFree(reason::kLeaseExpired, message);
  Verdict verdict = AgainOrFail(run, reason::kLeaseExpired, message);
  verdict.pause = absl::ZeroDuration();
  return verdict;
}

}  // namespace fp4::core
