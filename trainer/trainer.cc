#include "trainer/trainer.h"

#include <cstdlib>
#include <exception>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "trainer/train.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

// Tokenized files are shared by all runs of a user; without a home they stay with the run.
fs::path CacheFolder(const fs::path& run_dir) {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "fp4lab";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".cache" / "fp4lab";
  return run_dir / "cache";
}

// Where an exception came from, in words.
std::string Place(const StepContext& context) {
  std::string place = absl::StrCat("step ", context.step);
  if (!context.layer.empty()) absl::StrAppend(&place, ", layer ", std::string(context.layer));
  return place;
}

// LibTorch's messages go on with a stack trace after the first line.
std::string FirstLine(const char* text) {
  std::string_view message(text);
  return std::string(message.substr(0, message.find('\n')));
}

absl::StatusOr<Outcome> BuildAndTrain(const BuildInputs& inputs, EventLog& log,
                                      const std::function<bool()>& stop_requested) {
  StepContext context;
  // The one place where exceptions of LibTorch and of the device end.
  try {
    FP4_ASSIGN_OR_RETURN(std::unique_ptr<Parts> parts, Build(inputs, context));
    return Train(*parts, log, stop_requested);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(Place(context), ": ", FirstLine(error.what())));
  }
}

int Failed(const absl::Status& status, int code) {
  std::cerr << "fp4-train: " << std::string(status.message()) << std::endl;
  return code;
}

int Finish(const absl::StatusOr<Outcome>& outcome, EventLog& log) {
  spec::FinishedEvent finished{std::string(outcome::kFailed), ""};
  int code = kExitFailed;
  if (!outcome.ok()) {
    finished.reason = std::string(outcome.status().message());
    code = absl::IsInvalidArgument(outcome.status()) || absl::IsNotFound(outcome.status())
               ? kExitBadDocument
               : kExitFailed;
    Failed(outcome.status(), code);
  } else {
    switch (*outcome) {
      case Outcome::kCompleted:
        finished.status = outcome::kCompleted;
        code = kExitCompleted;
        break;
      case Outcome::kStopped:
        finished = {std::string(outcome::kStopped), std::string(reason::kStopped)};
        code = kExitStopped;
        break;
    }
  }
  absl::Status status = log.Append(finished);
  if (status.ok()) status = log.Sync();
  return status.ok() ? code : Failed(status, kExitFailed);
}

}  // namespace

int RunAttempt(const Options& options, const SelectedRun& selected,
               const std::function<bool()>& stop_requested) {
  const fs::path run_dir = fs::absolute(options.run_dir);
  std::error_code error;
  if (fs::create_directories(run_dir, error); error) {
    return Failed(ErrnoStatus(error.value(), absl::StrCat("make ", run_dir.string())), kExitFailed);
  }
  absl::StatusOr<UniqueFd> lock = LockFolder(run_dir);
  if (!lock.ok()) return Failed(lock.status(), kExitFailed);
  absl::StatusOr<EventLog> log =
      EventLog::Open(run_dir / "events.jsonl", {options.attempt, options.next_seq}, SystemClock());
  if (!log.ok()) return Failed(log.status(), kExitFailed);
  const LogHistory& history = log->history();
  if (!history.document.empty() && !SameDocument(history.document, selected.document)) {
    return Failed(absl::FailedPreconditionError(absl::StrCat(
                      run_dir.string(), " belongs to another document: take a new --run-dir")),
                  kExitBadDocument);
  }
  if (history.completed) return kExitCompleted;
  BuildInputs inputs{selected.run, selected.document,    options,
                     history,      CacheFolder(run_dir), SystemClock()};
  return Finish(BuildAndTrain(inputs, *log, stop_requested), *log);
}

}  // namespace fp4::trainer
