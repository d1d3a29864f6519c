// How a run comes to be, and what happens to it while its trainer lives. Its start is in
// run_start.cc, its end in run_end.cc.
#include "worker/run/run.h"

#include <signal.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
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
      acknowledged_pause_(MakeBackoff()) {}

Backoff Run::MakeBackoff() const {
  const Delivery::Pace& pace = context_.settings.pace;
  return Backoff(pace.first_retry, pace.last_retry, SeedOf(lease_.run_id));
}

std::unique_ptr<Run> Run::Assigned(const RunContext& context, Assignment assignment) {
  RunDirectory directory = RunDirectoryOf(context.settings.work_dir, assignment.lease.run_id);
  absl::StatusOr<TrainerRecord> record = directory.ReadTrainer();
  const bool started_here = record.ok() && record->attempt >= assignment.lease.attempt;
  // An attempt is never trained twice.
  if (started_here && record->attempt > assignment.lease.attempt) return nullptr;
  std::unique_ptr<Run> run(new Run(context, directory, assignment.lease, assignment.next_seq));
  if (started_here) {
    run->Adopt(*record);
    return run;
  }
  run->slots_ = assignment.slots;
  absl::Status allowed = CheckDocumentPaths(assignment.document, context.settings.allowed);
  if (!allowed.ok()) {
    run->EndWith({.cause = ExitCause::kExited,
                  .exit_code = kBadDocumentStatus,
                  .message = std::string(allowed.message())});
    return run;
  }
  Waiting waiting{.assignment = std::move(assignment),
                  .plan = {},
                  .pause = run->MakeBackoff(),
                  .not_before = {}};
  if (absl::Status prepared = run->Prepare(waiting); !prepared.ok()) {
    run->EndUnstarted(prepared);
  } else {
    run->phase_.emplace<Waiting>(std::move(waiting));
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
  // Until the controller answers, the lease is what the trainer was last told.
  const absl::Duration until = directory_.ReadLease();
  deadlines_ = {.stop = until, .kill = until, .trainer = until};
  phase_ = Running{.process = record.process, .runtime_deadline = record.runtime_deadline};
  if (absl::Status read = log_.AdvanceToEnd(); !read.ok()) Break(read);
  absl::StatusOr<ExitRecord> exit = directory_.ReadExit();
  if (exit.ok() && exit->attempt == lease_.attempt) {
    phase_ = Delivering{.exit = exit->report};
  } else if (std::optional<ProcessEnd> end = context_.processes.Poll(record.process)) {
    TrainerEnded(*end);
  } else {
    context_.metrics.trainers_adopted.Increment();
    LogInfo("trainer adopted",
            {{"run", lease_.run_id}, {"attempt", lease_.attempt}, {"pid", record.process.pid}});
  }
}

int64_t Run::num_unacknowledged() const {
  const auto* waiting = std::get_if<Waiting>(&phase_);
  const auto* running = std::get_if<Running>(&phase_);
  if (waiting != nullptr && waiting->plan.set_aside) return 0;
  if (running != nullptr && !running->wanted) return 0;
  return std::max<int64_t>(0, log().last_seq - delivery_.next_seq() + 1);
}

FoundRun Run::Describe() const {
  return {.lease = lease_,
          .last_seq = log().last_seq,
          .alive = trainer_alive(),
          .finished = log().finished.has_value() && log().last_attempt == lease_.attempt};
}

TrainerLimits Run::LimitsOf(const Running& running) const {
  return {.lease = deadlines_,
          .runtime_deadline = running.runtime_deadline,
          .grace = context_.settings.grace};
}

void Run::Renewed(absl::Duration sent, absl::Duration ttl) {
  deadlines_ = DeadlinesAfter(sent, ttl);
  if (!trainer_alive()) return;
  if (absl::Status written = directory_.WriteLease(deadlines_.trainer); !written.ok()) {
    LogError("lease file not written", {{"run", lease_.run_id}, {"error", written.ToString()}});
  }
}

void Run::Stop(StopReason reason) {
  const bool wanted = reason != StopReason::kFenced;
  if (auto* running = std::get_if<Running>(&phase_)) {
    if (!wanted) running->wanted = false;
    End(reason);
  } else if (!wanted) {
    Settle();
  } else if (waiting()) {
    const bool by_worker = reason == StopReason::kShutdown;
    EndWith({.cause = by_worker ? ExitCause::kWorkerStopped : ExitCause::kExited,
             .exit_code = kStoppedStatus,
             .message = "stopped before its trainer was started"});
  }
}

void Run::Lose() {
  if (waiting()) return Settle();
  End(StopReason::kFenced);
}

void Run::Hasten() {
  auto* running = std::get_if<Running>(&phase_);
  if (running == nullptr) return;
  running->ending.kill_at = now();
  ApplyEnding(*running);
}

void Run::Answered(const FoundAnswer& answer, absl::Duration sent, absl::Duration ttl) {
  delivery_.Seek(answer.next_seq);
  NoteAcknowledged();
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
  // Again, for the report's answer may have come before the log was looked at.
  if (!waiting()) NoteAcknowledged();
  if (auto* running = std::get_if<Running>(&phase_)) {
    if (std::optional<ProcessEnd> end = context_.processes.Poll(running->process)) {
      TrainerEnded(*end);
    } else {
      running->ending = AfterClock(running->ending, LimitsOf(*running), now());
      ApplyEnding(*running);
    }
  }
  FinishDelivery();
}

// Ends a trainer that lives.
void Run::End(StopReason reason) {
  auto* running = std::get_if<Running>(&phase_);
  if (running == nullptr) return;
  running->ending = WithReason(running->ending, reason, now(), context_.settings.grace);
  ApplyEnding(*running);
}

void Run::ApplyEnding(Running& running) {
  const Measure measure = DueMeasure(running.ending, deadlines_, now());
  if (measure == Measure::kNone) return;
  const bool kill = measure == Measure::kKill;
  (kill ? running.ending.killed : running.ending.terminated) = true;
  LogInfo(kill ? "trainer killed" : "trainer asked to stop",
          {{"run", lease_.run_id},
           {"attempt", lease_.attempt},
           {"pid", running.process.pid},
           {"reason", StopReasonName(running.ending.reason)}});
  context_.processes.Signal(running.process, kill ? SIGKILL : SIGTERM);
}

}  // namespace fp4::worker
