// How a trainer is started.
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "worker/host/host_check.h"
#include "worker/run/run.h"

namespace fp4::worker {
namespace {

bool IsReadableCheckpoint(const std::string& folder) {
  return access((std::filesystem::path(folder) / "manifest.json").c_str(), R_OK) == 0;
}

}  // namespace

absl::Status Run::Prepare(Waiting& waiting) {
  FP4_RETURN_IF_ERROR(directory_.Create(waiting.assignment.document));
  FP4_RETURN_IF_ERROR(log_.AdvanceToEnd());
  waiting.plan = PlanLog(log(), waiting.assignment);
  return absl::OkStatus();
}

void Run::StartIfReady() {
  auto* waiting = std::get_if<Waiting>(&phase_);
  if (waiting == nullptr || now() >= deadlines_.stop || now() < waiting->not_before) return;
  absl::StatusOr<UniqueFd> lock = directory_.LockForTrainer();
  if (absl::IsFailedPrecondition(lock.status())) {
    // Another trainer lives here, started by a worker that died before it could write that down. It
    // ends with its lease, which nobody prolongs.
    waiting->not_before = now() + waiting->pause.Next();
    return;
  }
  absl::Status started = lock.ok() ? Start(*lock) : lock.status();
  if (!started.ok()) EndUnstarted(started);
}

void Run::Refuse(const std::string& why) {
  if (waiting()) EndUnstarted(absl::UnavailableError(why));
}

void Run::EndUnstarted(const absl::Status& error) {
  suspicious_ = true;
  const absl::Status folder =
      CheckFolder(context_.settings.work_dir, context_.settings.min_free_bytes);
  EndWith(
      {.cause = absl::IsResourceExhausted(folder) ? ExitCause::kDiskFull : ExitCause::kSpawnFailed,
       .message = std::string(error.message())});
}

absl::StatusOr<std::vector<Slot>> Run::FindSlots() const {
  std::vector<Slot> slots;
  for (int32_t index : slots_) {
    if (index < 0 || index >= static_cast<int32_t>(context_.slots.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("assigned to slot ", index, ", which this worker has not"));
    }
    slots.push_back(context_.slots[index]);
  }
  return slots;
}

// With the directory locked: what its last trainer wrote is complete now.
absl::StatusOr<TrainerCommand> Run::PlanStart(Waiting& waiting) {
  FP4_RETURN_IF_ERROR(log_.AdvanceToEnd());
  waiting.plan = PlanLog(log(), waiting.assignment);
  if (waiting.plan.set_aside) {
    FP4_RETURN_IF_ERROR(directory_.SetLogAside(log().last_seq));
    log_ = LogObserver(directory_.events());
    waiting.plan.set_aside = false;
  }
  return TrainerCommand{.program = context_.settings.trainer,
                        .resume_from = ChooseCheckpoint(log(), waiting.plan, waiting.assignment,
                                                        IsReadableCheckpoint),
                        .next_seq = waiting.plan.trainer_next_seq};
}

absl::Status Run::Start(const UniqueFd& lock) {
  auto& waiting = std::get<Waiting>(phase_);
  FP4_ASSIGN_OR_RETURN(const TrainerCommand command, PlanStart(waiting));
  FP4_ASSIGN_OR_RETURN(const std::vector<Slot> slots, FindSlots());
  SpawnRequest request = MakeSpawnRequest(command, directory_, lease_.attempt, slots);
  request.inherited_fd = lock.get();
  FP4_RETURN_IF_ERROR(directory_.RemoveExit());
  // Before the trainer can remove any.
  if (!waiting.assignment.checkpoints.empty()) {
    FP4_RETURN_IF_ERROR(directory_.WriteAcknowledged(waiting.assignment.checkpoints.front()));
  }
  FP4_RETURN_IF_ERROR(directory_.WriteLease(deadlines_.trainer));
  FP4_ASSIGN_OR_RETURN(const ProcessIdentity process, context_.processes.Spawn(request));
  Running running{.process = process};
  if (waiting.assignment.max_runtime > absl::ZeroDuration())
    running.runtime_deadline = now() + waiting.assignment.max_runtime;
  absl::Status written = directory_.WriteTrainer({.process = process,
                                                  .attempt = lease_.attempt,
                                                  .slots = slots_,
                                                  .runtime_deadline = running.runtime_deadline});
  phase_ = std::move(running);
  if (!written.ok()) {  // a restarted worker could not find it: not a state to leave it in
    Break(written);
    return absl::OkStatus();
  }
  context_.metrics.trainers_spawned.Increment();
  LogInfo("trainer started", {{"run", lease_.run_id},
                              {"attempt", lease_.attempt},
                              {"pid", process.pid},
                              {"resume_from", command.resume_from},
                              {"next_seq", command.next_seq}});
  return absl::OkStatus();
}

}  // namespace fp4::worker
