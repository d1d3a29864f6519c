#include "worker/run/run.h"

#include <signal.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "worker/run/document_paths.h"

namespace fp4::worker {
namespace {

constexpr int kBadDocumentStatus = 2;  // as fp4-train exits on one; never retried
constexpr int kStoppedStatus = 3;

uint64_t SeedOf(const std::string& run_id) { return std::hash<std::string>()(run_id); }

}  // namespace

Run::Run(const RunContext& context, RunDirectory directory, Held lease, int64_t next_seq)
    : context_(context),
      directory_(std::move(directory)),
      lease_(std::move(lease)),
      log_(directory_.events()),
      delivery_(directory_.events(), next_seq, context.settings.pace, SeedOf(lease_.run_id)),
      exit_backoff_(context.settings.pace.first_retry, context.settings.pace.last_retry,
                    SeedOf(lease_.run_id)) {}

std::unique_ptr<Run> Run::Assigned(const RunContext& context, Assignment assignment) {
  RunDirectory directory = RunDirectoryOf(context.settings.work_dir, assignment.lease.run_id);
  absl::StatusOr<TrainerRecord> record = directory.ReadTrainer();
  if (record.ok() && record->attempt >= assignment.lease.attempt) {
    // Started here before: an attempt is never trained twice.
    if (record->attempt > assignment.lease.attempt) return nullptr;
    std::unique_ptr<Run> run(new Run(context, directory, assignment.lease, assignment.next_seq));
    run->Adopt(*record);
    return run;
  }
  std::unique_ptr<Run> run(new Run(context, directory, assignment.lease, assignment.next_seq));
  run->slots_ = assignment.slots;
  absl::Status allowed = CheckDocumentPaths(assignment.document, context.settings.allowed);
  absl::Status prepared = allowed.ok() ? directory.Create(assignment.document) : allowed;
  run->assignment_ = std::move(assignment);
  if (prepared.ok()) prepared = run->PrepareLog();
  if (prepared.ok()) return run;
  if (allowed.ok()) {
    run->EndWith({.cause = ExitCause::kSpawnFailed, .message = prepared.ToString()});
  } else {
    run->EndWith({.cause = ExitCause::kExited,
                  .exit_code = kBadDocumentStatus,
                  .message = std::string(allowed.message())});
  }
  return run;
}

std::unique_ptr<Run> Run::Found(const RunContext& context, const RunDirectory& directory) {
  absl::StatusOr<TrainerRecord> record = directory.ReadTrainer();
  if (!record.ok()) return nullptr;
  absl::StatusOr<ExitRecord> exit = directory.ReadExit();
  if (exit.ok() && exit->attempt == record->attempt && exit->settled.has_value()) return nullptr;
  // Delivered from the beginning until the controller has said where to go on.
  std::unique_ptr<Run> run(new Run(context, directory, {directory.run_id(), record->attempt}, 1));
  run->Adopt(*record);
  return run;
}

void Run::Adopt(const TrainerRecord& record) {
  slots_ = record.slots;
  runtime_deadline_ = record.runtime_deadline;
  process_ = record.process;
  // Until the controller answers, the lease is what the trainer was last told.
  const absl::Duration until = directory_.ReadLease();
  deadlines_ = {.stop = until, .kill = until, .trainer = until};
  phase_ = Phase::kRunning;
  if (absl::Status read = log_.AdvanceToEnd(); !read.ok()) Break(read);
  absl::StatusOr<ExitRecord> exit = directory_.ReadExit();
  if (exit.ok() && exit->attempt == lease_.attempt) {
    exit_ = exit->report;
    phase_ = Phase::kDelivering;
  } else if (std::optional<ProcessEnd> end = context_.processes.Poll(process_)) {
    TrainerEnded(*end);
  } else {
    context_.metrics.trainers_adopted.Increment();
    LogInfo("trainer adopted",
            {{"run", lease_.run_id}, {"attempt", lease_.attempt}, {"pid", process_.pid}});
  }
}

int64_t Run::num_unacknowledged() const {
  if (drop_ || plan_.set_aside) return 0;
  return std::max<int64_t>(0, log().last_seq - delivery_.next_seq() + 1);
}

FoundRun Run::Describe() const {
  return {.lease = lease_,
          .last_seq = log().last_seq,
          .alive = trainer_alive(),
          .finished = log().finished.has_value() && log().last_attempt == lease_.attempt};
}

TrainerLimits Run::Limits() const {
  return {
      .lease = deadlines_, .runtime_deadline = runtime_deadline_, .grace = context_.settings.grace};
}

void Run::Renewed(absl::Duration sent, absl::Duration ttl) {
  deadlines_ = DeadlinesAfter(sent, ttl);
  if (phase_ != Phase::kRunning) return;
  if (absl::Status written = directory_.WriteLease(deadlines_.trainer); !written.ok()) {
    LogError("lease file not written", {{"run", lease_.run_id}, {"error", written.ToString()}});
  }
}

void Run::Stop(StopReason reason) {
  if (reason == StopReason::kFenced) drop_ = true;
  if (phase_ == Phase::kWaiting && !drop_) {
    EndWith({.cause = ExitCause::kExited,
             .exit_code = kStoppedStatus,
             .message = "stopped before its trainer was started"});
  } else if (phase_ == Phase::kRunning) {
    ending_ = WithReason(ending_, reason, now(), context_.settings.grace);
    ApplyEnding();
  } else if (drop_) {
    Settle();
  }
}

void Run::Lose() {
  if (phase_ == Phase::kWaiting) return Stop(StopReason::kFenced);
  if (phase_ != Phase::kRunning) return;
  ending_ = WithReason(ending_, StopReason::kFenced, now(), context_.settings.grace);
  ApplyEnding();
}

void Run::Hasten() {
  if (phase_ != Phase::kRunning) return;
  ending_.kill_at = now();
  ApplyEnding();
}

void Run::Answered(const FoundAnswer& answer, absl::Duration sent, absl::Duration ttl) {
  delivery_.Seek(answer.next_seq);
  switch (answer.action) {
    case FoundAction::kKeep:
      Renewed(sent, ttl);
      return;
    case FoundAction::kDeliver:
      Lose();
      return;
    case FoundAction::kDiscard:
      Stop(StopReason::kFenced);
      return;
  }
}

void Run::Poll() {
  if (over()) return;
  absl::StatusOr<bool> more = log_.Advance();
  if (!more.ok()) Break(more.status());
  if (phase_ == Phase::kRunning) {
    if (std::optional<ProcessEnd> end = context_.processes.Poll(process_)) {
      TrainerEnded(*end);
    } else {
      ending_ = AfterClock(ending_, Limits(), now());
      ApplyEnding();
    }
  }
  FinishDelivery();
}

void Run::ApplyEnding() {
  const Measure measure = DueMeasure(ending_, deadlines_, now());
  if (measure == Measure::kNone) return;
  const bool kill = measure == Measure::kKill;
  (kill ? ending_.killed : ending_.terminated) = true;
  LogInfo(kill ? "trainer killed" : "trainer asked to stop",
          {{"run", lease_.run_id},
           {"attempt", lease_.attempt},
           {"pid", process_.pid},
           {"reason", StopReasonName(ending_.reason)}});
  context_.processes.Signal(process_, kill ? SIGKILL : SIGTERM);
}

void Run::TrainerEnded(const ProcessEnd& end) {
  // Whatever it wrote is in the log by now, and its `finished` is needed to judge.
  if (absl::Status read = log_.AdvanceToEnd(); !read.ok()) Break(read);
  EndWith(JudgeExit(end, ending_, log(), lease_.attempt, directory_.StderrTail(lease_.attempt)));
}

void Run::EndWith(ExitReport report) {
  LogInfo("attempt ended", {{"run", lease_.run_id},
                            {"attempt", lease_.attempt},
                            {"cause", CauseName(report.cause)},
                            {"exit_code", report.exit_code},
                            {"signal", report.signal},
                            {"detail", report.message}});
  context_.metrics.Exits(report.cause).Increment();
  exit_ = std::move(report);
  assignment_.reset();
  phase_ = Phase::kDelivering;
  if (drop_) return Settle();
  // A run that was refused has no directory, and needs none.
  std::error_code error;
  if (!std::filesystem::exists(directory_.path(), error)) return;
  absl::Status written =
      directory_.WriteExit({.attempt = lease_.attempt, .report = *exit_, .settled = {}});
  if (!written.ok())
    LogError("exit not written", {{"run", lease_.run_id}, {"error", written.ToString()}});
}

void Run::Break(const absl::Status& error) {
  if (broken_.has_value()) return;
  broken_ = absl::StrCat("the event log cannot be delivered: ", error.ToString());
  LogError("event log broken", {{"run", lease_.run_id}, {"error", error.ToString()}});
  if (phase_ == Phase::kRunning) {
    ending_ = WithReason(ending_, StopReason::kFenced, now(), context_.settings.grace);
    ApplyEnding();
  } else if (phase_ == Phase::kWaiting) {
    EndWith({.cause = ExitCause::kLost, .message = *broken_});
  }
}

// From kDelivering to kTelling once nothing of the log is left to deliver.
void Run::FinishDelivery() {
  if (phase_ != Phase::kDelivering || delivery_.in_flight()) return;
  if (!broken_.has_value() && num_unacknowledged() > 0) return;
  if (broken_.has_value()) {
    exit_->cause = ExitCause::kLost;
    exit_->message = *broken_;
    // The next attempt shall not meet it again.
    if (absl::Status moved = directory_.SetLogAside(log().last_seq); !moved.ok()) {
      LogError("log not set aside", {{"run", lease_.run_id}, {"error", moved.ToString()}});
    }
  }
  phase_ = Phase::kTelling;
}

void Run::Settle() {
  phase_ = Phase::kOver;
  std::error_code error;
  if (!std::filesystem::exists(directory_.path(), error)) return;
  const ExitReport report = exit_.value_or(ExitReport{});
  absl::Status done = directory_.WriteExit(
      {.attempt = lease_.attempt, .report = report, .settled = context_.clock.Now()});
  if (!done.ok()) LogError("run not settled", {{"run", lease_.run_id}, {"error", done.ToString()}});
}

std::vector<spec::Event> Run::NextEvents() {
  if (over() || drop_ || plan_.set_aside || broken_.has_value()) return {};
  absl::StatusOr<std::vector<spec::Event>> events = delivery_.Next(now());
  if (events.ok()) return *std::move(events);
  Break(events.status());
  return {};
}

Delivery::Verdict Run::OnEventsAnswer(const absl::StatusOr<int64_t>& answer) {
  const int64_t before = delivery_.next_seq();
  const Delivery::Verdict verdict = delivery_.OnAnswer(answer, now());
  switch (verdict) {
    case Delivery::Verdict::kAcknowledged:
      context_.metrics.events_reported.Increment(
          static_cast<double>(delivery_.next_seq() - before));
      context_.metrics.report_seconds.Observe(absl::ToDoubleSeconds(delivery_.last_latency()));
      break;
    case Delivery::Verdict::kFenced:
      LogWarning("attempt is stale", {{"run", lease_.run_id}, {"attempt", lease_.attempt}});
      Stop(StopReason::kFenced);
      break;
    case Delivery::Verdict::kRefused:
      Break(answer.status());
      break;
    case Delivery::Verdict::kRetry:
    case Delivery::Verdict::kUnknownWorker:
      break;
  }
  return verdict;
}

const ExitReport* Run::NextExit() {
  if (phase_ != Phase::kTelling || exit_in_flight_ || now() < exit_not_before_) return nullptr;
  exit_in_flight_ = true;
  return &*exit_;
}

Delivery::Verdict Run::OnExitAnswer(const absl::Status& answer) {
  exit_in_flight_ = false;
  exit_not_before_ = now() + exit_backoff_.Next();
  if (answer.ok()) {
    Settle();
    return Delivery::Verdict::kAcknowledged;
  }
  const Delivery::Verdict verdict = VerdictOf(answer);
  if (verdict == Delivery::Verdict::kFenced || verdict == Delivery::Verdict::kRefused) {
    LogWarning("exit not taken", {{"run", lease_.run_id}, {"error", answer.ToString()}});
    Settle();
  }
  return verdict;
}

}  // namespace fp4::worker
