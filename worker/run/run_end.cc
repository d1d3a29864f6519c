// From the end of a trainer until the controller knows of it.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/trainer_exit.h"
#include "worker/host/host_check.h"
#include "worker/run/run.h"

namespace fp4::worker {

void Run::TrainerEnded(const ProcessEnd& end) {
  // Whatever it wrote is in the log by now, and its `finished` is needed to judge.
  if (absl::Status read = log_.AdvanceToEnd(); !read.ok()) Break(read);
  EndWith(AskHost(JudgeExit(end, std::get<Running>(phase_).ending, log(), lease_.attempt,
                            directory_.StderrTail(lease_.attempt))));
}

ExitReport Run::AskHost(ExitReport report) {
  if (!IsUnexplained(report, std::get<Running>(phase_).ending, log(), lease_.attempt)) {
    return report;
  }
  const bool reported = log().last_seq > 0 && log().last_attempt == lease_.attempt;
  const HostWitness host = {
      .folder = CheckFolder(context_.settings.work_dir, context_.settings.min_free_bytes),
      .lease_over = directory_.ReadLease() <= now()};
  if (!reported || !host.folder.ok()) suspicious_ = true;
  return WithHost(std::move(report), host, reported);
}

// Tells the trainer which checkpoint it must not remove: the newest whose event is stored.
void Run::NoteAcknowledged() {
  const LoggedCheckpoint* newest = nullptr;
  for (const LoggedCheckpoint& checkpoint : log().checkpoints) {
    if (checkpoint.seq < delivery_.next_seq()) newest = &checkpoint;
  }
  if (newest == nullptr || newest->seq <= acknowledged_seq_) return;
  if (now() < acknowledged_not_before_) return;
  absl::Status written = directory_.WriteAcknowledged(newest->checkpoint);
  if (written.ok()) {
    acknowledged_seq_ = newest->seq;
    acknowledged_pause_.Reset();
    context_.carrier.Notice(lease_.run_id);
  } else {
    acknowledged_not_before_ = now() + acknowledged_pause_.Next();
    LogWarning("acknowledged checkpoint not written; trying again",
               {{"run", lease_.run_id}, {"error", written.ToString()}});
  }
}

void Run::EndWith(ExitReport report) {
  LogInfo("attempt ended", {{"run", lease_.run_id},
                            {"attempt", lease_.attempt},
                            {"cause", ExitCauseName(report.cause)},
                            {"exit_code", report.exit_code},
                            {"signal", report.signal},
                            {"detail", report.message}});
  context_.metrics.Exits(report.cause).Increment();
  const auto* running = std::get_if<Running>(&phase_);
  const bool wanted = running == nullptr || running->wanted;
  const std::string broken = running == nullptr ? "" : running->broken;
  const bool goes_on = report.cause == ExitCause::kWorkerStopped ||
                       (report.cause == ExitCause::kExited && report.exit_code == kExitStopped);
  phase_ = Delivering{.exit = std::move(report),
                      .ship_until = now() + (goes_on ? kShippingPatience : absl::ZeroDuration())};
  if (!wanted) return Settle();
  if (!broken.empty()) Break(absl::DataLossError(broken));
  // A run that was refused has no directory, and needs none.
  std::error_code error;
  if (!std::filesystem::exists(directory_.path(), error)) return;
  absl::Status written = directory_.WriteExit(
      {.attempt = lease_.attempt, .report = std::get<Delivering>(phase_).exit, .settled = {}});
  if (!written.ok())
    LogError("exit not written", {{"run", lease_.run_id}, {"error", written.ToString()}});
}

// The log cannot be delivered any further, whatever is tried: the attempt ends with that.
void Run::Break(const absl::Status& error) {
  const std::string why =
      absl::StrCat("the event log cannot be delivered: ", std::string(error.message()));
  if (auto* running = std::get_if<Running>(&phase_)) {
    if (!running->broken.empty()) return;
    running->broken = std::string(error.message());
    End(StopReason::kFenced);
  } else if (waiting()) {
    EndWith({.cause = ExitCause::kLogBroken, .message = why});
    return Break(error);
  } else if (auto* delivering = std::get_if<Delivering>(&phase_)) {
    if (std::exchange(delivering->broken, true)) return;
    delivering->exit.cause = ExitCause::kLogBroken;
    delivering->exit.message = why;
    // The next attempt shall not meet it again.
    if (absl::Status moved = directory_.SetLogAside(log().last_seq); !moved.ok()) {
      LogError("log not set aside", {{"run", lease_.run_id}, {"error", moved.ToString()}});
    }
  } else {
    return;
  }
  LogError("event log broken", {{"run", lease_.run_id}, {"error", error.ToString()}});
}

// Of an attempt that goes on elsewhere: its last checkpoint shall be where that one finds it.
bool Run::MayStillShip(const Delivering& delivering) const {
  return now() < delivering.ship_until && context_.carrier.IsShipping(lease_.run_id);
}

// Goes on to tell the exit once nothing of the log is left to deliver.
void Run::FinishDelivery() {
  auto* delivering = std::get_if<Delivering>(&phase_);
  if (delivering == nullptr || delivery_.in_flight()) return;
  if (!delivering->broken && num_unacknowledged() > 0) return;
  if (MayStillShip(*delivering)) return;
  ExitReport exit = std::move(delivering->exit);
  phase_.emplace<Telling>(Telling{.exit = std::move(exit), .pause = MakeBackoff()});
}

void Run::Settle() {
  ExitReport report;
  if (const auto* delivering = std::get_if<Delivering>(&phase_)) report = delivering->exit;
  if (const auto* telling = std::get_if<Telling>(&phase_)) report = telling->exit;
  phase_ = Over{};
  std::error_code error;
  if (!std::filesystem::exists(directory_.path(), error)) return;
  absl::Status done = directory_.WriteExit(
      {.attempt = lease_.attempt, .report = report, .settled = context_.clock.Now()});
  context_.carrier.Notice(lease_.run_id);
  if (!done.ok()) LogError("run not settled", {{"run", lease_.run_id}, {"error", done.ToString()}});
}

std::vector<spec::Event> Run::NextEvents() {
  const auto* waiting = std::get_if<Waiting>(&phase_);
  const auto* running = std::get_if<Running>(&phase_);
  const auto* delivering = std::get_if<Delivering>(&phase_);
  const bool wanted = (waiting != nullptr && !waiting->plan.set_aside) ||
                      (running != nullptr && running->wanted && running->broken.empty()) ||
                      (delivering != nullptr && !delivering->broken);
  if (!wanted) return {};
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
      NoteAcknowledged();
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
  auto* telling = std::get_if<Telling>(&phase_);
  if (telling == nullptr || telling->in_flight || now() < telling->not_before) return nullptr;
  telling->in_flight = true;
  return &telling->exit;
}

Delivery::Verdict Run::OnExitAnswer(const absl::Status& answer) {
  if (auto* telling = std::get_if<Telling>(&phase_)) {
    telling->in_flight = false;
    telling->not_before = now() + telling->pause.Next();
  }
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
