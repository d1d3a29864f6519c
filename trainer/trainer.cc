#include "trainer/trainer.h"

#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "trainer/data/cache_folders.h"
#include "trainer/ending.h"
#include "trainer/parallel/lead.h"
#include "trainer/profile/step_profile.h"
#include "trainer/run/runtime_limit.h"
#include "trainer/run/terminal.h"
#include "trainer/train.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<Outcome> BuildAndTrain(const BuildInputs& inputs, EventLog& log) {
  StepContext context;
  Outcome outcome = Outcome::kCompleted;
  FP4_RETURN_IF_ERROR(WithoutExceptions(context, [&]() -> absl::Status {
    FP4_ASSIGN_OR_RETURN(std::unique_ptr<Parts> parts, Build(inputs, context));
    std::optional<StepProfile> profile;
    if (inputs.options.profile) profile.emplace(*parts->backend);
    const bool alone = inputs.run.resources.world_size() == 1;
    FP4_ASSIGN_OR_RETURN(outcome, alone ? Train(*parts, log, inputs.stop)
                                        : LeadGroup(*parts, inputs.options, log, inputs.stop));
    if (!profile) return absl::OkStatus();
    PrintProfile(*profile, parts->targets_per_step(), std::cout);
    return profile->WriteChromeTrace(*inputs.options.profile);
  }));
  return outcome;
}

// `out_of_time`: the stop was the run's own limit.
int Finish(const absl::StatusOr<Outcome>& outcome, bool out_of_time, EventLog& log) {
  spec::FinishedEvent finished{std::string(outcome::kFailed), ""};
  int code = kExitFailed;
  const bool stopped =
      absl::IsCancelled(outcome.status()) || (outcome.ok() && *outcome == Outcome::kStopped);
  if (stopped && out_of_time) {
    finished.reason = "resources.max_runtime has passed";
    code = Failed(absl::DeadlineExceededError(finished.reason));
  } else if (stopped) {
    finished = {std::string(outcome::kStopped), std::string(reason::kStopped)};
    code = kExitStopped;
  } else if (!outcome.ok()) {
    finished.reason = LastWords(outcome.status());
    code = Failed(outcome.status());
  } else {
    finished.status = outcome::kCompleted;
    code = kExitCompleted;
  }
  absl::Status status = log.Append(finished);
  if (status.ok()) status = log.Sync();
  return status.ok() ? code : Failed(status);
}

bool IsCompleted(const LogHistory& history, const SelectedRun& selected) {
  return history.completed && SameDocument(history.document, selected.document);
}

// Without the lock: for a disk that nothing can be written to.
bool IsCompleted(const fs::path& log_file, const SelectedRun& selected) {
  absl::StatusOr<EventLog> log = EventLog::Open(log_file, {}, SystemClock());
  return log.ok() && IsCompleted(log->history(), selected);
}

// Nothing may be written for a folder that is not there. A worker has seen it a moment before: that
// it is gone is then no fault of the document, and the next attempt is given another one.
absl::Status CheckResumeFolder(const Options& options) {
  const std::string folder = options.resume_from.value_or("none");
  if (folder == "none") return absl::OkStatus();
  absl::Status found = CheckIsCheckpoint(folder);
  const bool of_a_worker = !options.lease_file.empty();
  return absl::IsNotFound(found) && of_a_worker ? MachineFault(found) : found;
}

absl::StatusOr<UniqueFd> LockRunFolder(const fs::path& run_dir) {
  std::error_code error;
  if (fs::create_directories(run_dir, error); error) {
    return MachineFault(ErrnoStatus(error.value(), absl::StrCat("make ", run_dir.string())));
  }
  absl::StatusOr<UniqueFd> lock = LockFolder(run_dir);
  // FAILED_PRECONDITION: another process has it.
  if (lock.ok() || absl::IsFailedPrecondition(lock.status())) return lock;
  return MachineFault(lock.status());
}

}  // namespace

int RunAttempt(const Options& options, const SelectedRun& selected, const StopCheck& stop) {
  if (absl::Status found = CheckResumeFolder(options); !found.ok()) return Failed(found);
  const fs::path run_dir = fs::absolute(options.run_dir);
  const fs::path log_file = run_dir / "events.jsonl";
  absl::StatusOr<UniqueFd> lock = LockRunFolder(run_dir);
  if (!lock.ok()) return IsCompleted(log_file, selected) ? kExitCompleted : Failed(lock.status());
  TerminalReport terminal(std::cerr, isatty(STDERR_FILENO) == 1, selected.run.training.steps);
  LogOptions log_options{options.attempt, options.next_seq, {}};
  if (options.lease_file.empty())
    log_options.listener = [&terminal](const spec::Event& event) { terminal.Tell(event); };
  absl::StatusOr<EventLog> log = EventLog::Open(log_file, log_options, SystemClock());
  if (!log.ok()) return Failed(log.status());
  const LogHistory& history = log->history();
  if (!history.document.empty() && !SameDocument(history.document, selected.document)) {
    return Failed(absl::InvalidArgumentError(
        absl::StrCat(run_dir.string(), " belongs to another document: take a new --run-dir")));
  }
  if (history.completed) return kExitCompleted;
  // A worker sees to max_runtime itself.
  const bool alone = options.lease_file.empty();
  const RuntimeLimit limit(alone ? selected.run.resources.max_runtime : absl::ZeroDuration(),
                           SystemClock());
  bool out_of_time = false;
  const StopCheck stop_or_limit = [&] {
    if (stop()) return true;
    return out_of_time = out_of_time || limit.passed();
  };
  const BuildInputs inputs{selected.run,          selected.document, options,      history,
                           CacheFolders(run_dir), SystemClock(),     stop_or_limit};
  const absl::StatusOr<Outcome> outcome = BuildAndTrain(inputs, *log);
  // A signal from outside has ended a process of the group: as if it had ended this one.
  if (absl::IsUnknown(outcome.status())) return Failed(outcome.status());
  return Finish(outcome, out_of_time, *log);
}

}  // namespace fp4::trainer
