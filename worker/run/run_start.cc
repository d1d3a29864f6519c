// How a trainer is started.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "worker/run/run.h"

namespace fp4::worker {
namespace {

bool IsCompleteCheckpoint(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(folder) / "manifest.json", error);
}

}  // namespace

absl::Status Run::PrepareLog() {
  FP4_RETURN_IF_ERROR(log_.AdvanceToEnd());
  plan_ = PlanLog(log(), *assignment_);
  return absl::OkStatus();
}

void Run::StartIfReady() {
  if (phase_ != Phase::kWaiting || drop_ || now() >= deadlines_.stop) return;
  absl::Status started = Start();
  if (started.ok() || absl::IsFailedPrecondition(started)) return;
  EndWith({.cause = ExitCause::kSpawnFailed, .message = started.ToString()});
}

absl::Status Run::Start() {
  // FAILED_PRECONDITION: another trainer lives here, started by a worker that died before it could
  // write that down. It ends with its lease, which nobody prolongs.
  FP4_ASSIGN_OR_RETURN(UniqueFd lock, directory_.LockForTrainer());
  FP4_RETURN_IF_ERROR(PrepareLog());  // again: that trainer may have written
  if (plan_.set_aside) {
    FP4_RETURN_IF_ERROR(directory_.SetLogAside(log().last_seq));
    log_ = LogObserver(directory_.events());
    plan_.set_aside = false;
  }
  std::vector<Slot> slots;
  for (int32_t index : slots_) {
    if (index < 0 || index >= static_cast<int32_t>(context_.slots.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("assigned to slot ", index, ", which this worker has not"));
    }
    slots.push_back(context_.slots[index]);
  }
  const TrainerCommand command = {
      .program = context_.settings.trainer,
      .resume_from = ChooseCheckpoint(log(), plan_, *assignment_, IsCompleteCheckpoint),
      .next_seq = plan_.trainer_next_seq};
  SpawnRequest request = MakeSpawnRequest(command, directory_, lease_.attempt, slots);
  request.inherited_fd = lock.get();
  FP4_RETURN_IF_ERROR(directory_.RemoveExit());
  FP4_RETURN_IF_ERROR(directory_.WriteLease(deadlines_.trainer));
  FP4_ASSIGN_OR_RETURN(process_, context_.processes.Spawn(request));
  phase_ = Phase::kRunning;
  if (assignment_->max_runtime > absl::ZeroDuration())
    runtime_deadline_ = now() + assignment_->max_runtime;
  absl::Status written = directory_.WriteTrainer({.process = process_,
                                                  .attempt = lease_.attempt,
                                                  .slots = slots_,
                                                  .runtime_deadline = runtime_deadline_});
  if (!written.ok()) {  // a restarted worker could not find it: not a state to leave it in
    Break(written);
    return absl::OkStatus();
  }
  context_.metrics.trainers_spawned.Increment();
  LogInfo("trainer started", {{"run", lease_.run_id},
                              {"attempt", lease_.attempt},
                              {"pid", process_.pid},
                              {"resume_from", command.resume_from},
                              {"next_seq", command.next_seq}});
  assignment_.reset();
  return absl::OkStatus();
}

}  // namespace fp4::worker
