// How a trainer is started.
#include <fcntl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/log.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "worker/host/host_check.h"
#include "worker/run/run.h"

namespace fp4::worker {
namespace {

// Of one checkpoint, for reasons that may go away.
constexpr int kMaxFailedFetches = 20;

// For the calling thread, as whomever it acts.
bool IsReadableCheckpoint(const std::string& folder) {
  const std::filesystem::path manifest = std::filesystem::path(folder) / "manifest.json";
  return UniqueFd(open(manifest.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)).valid();
}

}  // namespace

absl::Status Run::Prepare(Waiting& waiting) {
  FP4_RETURN_IF_ERROR(
      directory_.Create(waiting.assignment.document, context_.settings.trainer_user));
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
  if (!lock.ok()) return EndUnstarted(lock.status());
  absl::Status started = PlanStart(*waiting);
  if (started.ok()) {
    const absl::StatusOr<std::optional<Beginning>> beginning = FindBeginning(*waiting);
    if (beginning.ok() && !beginning->has_value()) return;
    started = beginning.ok() ? Start(*lock, (*beginning)->folder) : beginning.status();
  }
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
absl::Status Run::PlanStart(Waiting& waiting) {
  FP4_RETURN_IF_ERROR(log_.AdvanceToEnd());
  waiting.plan = PlanLog(log(), waiting.assignment);
  if (waiting.plan.set_aside) {
    FP4_RETURN_IF_ERROR(directory_.SetLogAside(log().last_seq));
    log_ = LogObserver(directory_.events());
    waiting.plan.set_aside = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Beginning>> Run::FindBeginning(Waiting& waiting) {
  if (waiting.fetch != nullptr) {
    FP4_RETURN_IF_ERROR(SettleFetch(waiting));
    if (waiting.fetch != nullptr || now() < waiting.not_before) return std::nullopt;
  }
  const std::filesystem::path checkpoints = directory_.path() / "checkpoints";
  const auto is_readable = [&](const std::string& folder) {
    const ActAsTrainer act(context_.settings.trainer_user);
    return IsReadableCheckpoint(folder);
  };
  Beginning beginning = ChooseBeginning(log(), waiting.plan, waiting.assignment, checkpoints,
                                        is_readable, waiting.given_up);
  if (!beginning.fetch) return beginning;
  const CheckpointRef& wanted = *beginning.fetch;
  waiting.fetched = {wanted.step, wanted.attempt};
  waiting.fetch = context_.carrier.BeginFetch({.run_id = lease_.run_id,
                                               .checkpoint = wanted,
                                               .folder = LocalFolder(wanted, checkpoints),
                                               .part = directory_.path() / "fetching"});
  LogInfo("checkpoint is fetched",
          {{"run", lease_.run_id}, {"step", wanted.step}, {"bytes", wanted.bytes}});
  return std::nullopt;
}

// What has become of the transfer; it stays while it goes on. An error: here is no room for it.
absl::Status Run::SettleFetch(Waiting& waiting) {
  const std::optional<absl::Status> result = waiting.fetch->Result();
  if (!result) return absl::OkStatus();
  waiting.fetch.reset();
  if (result->ok()) {
    waiting.num_failed_fetches = 0;
    return absl::OkStatus();
  }
  LogWarning(
      "checkpoint not fetched",
      {{"run", lease_.run_id}, {"step", waiting.fetched.step}, {"error", result->ToString()}});
  if (ReasonOf(*result) == reason::kDiskFull) return *result;
  const bool never = absl::IsNotFound(*result) || absl::IsDataLoss(*result);
  if (never || ++waiting.num_failed_fetches >= kMaxFailedFetches) {
    waiting.given_up.insert(waiting.fetched);
    waiting.num_failed_fetches = 0;
  } else {
    waiting.not_before = now() + waiting.pause.Next();
  }
  return absl::OkStatus();
}

absl::Status Run::Start(const UniqueFd& lock, const std::string& resume_from) {
  auto& waiting = std::get<Waiting>(phase_);
  const TrainerCommand command{.program = context_.settings.trainer,
                               .resume_from = resume_from,
                               .next_seq = waiting.plan.trainer_next_seq};
  FP4_ASSIGN_OR_RETURN(const std::vector<Slot> slots, FindSlots());
  SpawnRequest request = MakeSpawnRequest(command, directory_, lease_.attempt, slots);
  request.inherited_fd = lock.get();
  FP4_RETURN_IF_ERROR(directory_.RemoveExit());
  // Before the trainer can remove any.
  if (!waiting.assignment.checkpoints.empty()) {
    CheckpointRef newest = waiting.assignment.checkpoints.front();
    const std::string here = LocalFolder(newest, directory_.path() / "checkpoints");
    if (here == resume_from) newest.path = here;
    FP4_RETURN_IF_ERROR(directory_.WriteAcknowledged(newest));
  }
  FP4_RETURN_IF_ERROR(directory_.WriteLease(deadlines_.trainer));
  FP4_ASSIGN_OR_RETURN(const ProcessIdentity process, context_.processes.Spawn(request));
  DieAt(FaultPoint::kWorkerSpawned);
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
