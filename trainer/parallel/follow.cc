#include "trainer/parallel/follow.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "trainer/backend/probe.h"
#include "trainer/build.h"
#include "trainer/data/cache_folders.h"
#include "trainer/ending.h"
#include "trainer/parallel/group_folder.h"
#include "trainer/run/stop_request.h"
#include "trainer/train.h"

namespace fp4::trainer {
namespace {

// The first process may have ended before this one asked to be told.
absl::Status DieWithLeader(pid_t leader) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == leader ? absl::OkStatus()
                             : absl::CancelledError("the first process of the group is gone");
}

absl::Status TakeChoices(const GroupChoices& choices, SelectedRun& selected, Options& options) {
  if (Sha256Hex(selected.document) != choices.document_sha256) {
    return absl::AbortedError(
        absl::StrCat(options.document, ": was changed while the run's processes were reading it"));
  }
  options.resume_from = choices.resume_from;
  selected.run.resources.cpu_threads = choices.cpu_threads;
  for (const auto type :
       {spec::ComputeDtype::kFp32, spec::ComputeDtype::kBf16, spec::ComputeDtype::kFp16}) {
    if (ComputeDtypeName(type) == choices.compute_dtype) selected.run.training.compute_dtype = type;
  }
  return absl::OkStatus();
}

absl::Status BuildAndFollow(const Options& options, const SelectedRun& selected,
                            const GroupFolder& folder, const std::string& data_sha256,
                            StepContext& context) {
  LogHistory history;
  history.data_sha256 = data_sha256;
  const StopCheck never = NeverStop;
  const std::filesystem::path run_dir = std::filesystem::absolute(options.run_dir);
  const BuildInputs inputs{selected.run,          selected.document, options, history,
                           CacheFolders(run_dir), SystemClock(),     never};
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<Parts> parts, Build(inputs, context));
  FP4_RETURN_IF_ERROR(folder.SayReady(options.rank));
  const std::unique_ptr<ProcessGroup> group =
      ProcessGroup::Connect({.rank = options.rank,
                             .size = selected.run.resources.world_size(),
                             .store = folder.store(),
                             .device = parts->backend->device()});
  parts->group = group.get();
  EventLog log = EventLog::Unwritten(SystemClock());
  return Train(*parts, log, never).status();
}

}  // namespace

int FollowGroup(const Options& given, SelectedRun selected) {
  IgnoreStopSignals();
  Options options = given;
  const GroupFolder folder(options.run_dir);
  const absl::StatusOr<GroupChoices> choices = folder.ReadChoices();
  // Nobody has started this process who would hear of it.
  if (!choices.ok()) return Failed(choices.status());
  StepContext context;
  bool only_lost = false;
  const absl::Status status = WithoutExceptions(context, [&]() -> absl::Status {
    FP4_RETURN_IF_ERROR(DieWithLeader(choices->leader));
    FP4_RETURN_IF_ERROR(TakeChoices(*choices, selected, options));
    try {
      return BuildAndFollow(options, selected, folder, choices->data_sha256, context);
    } catch (const PeerLostError&) {
      only_lost = true;
      throw;
    }
  });
  if (status.ok()) return kExitCompleted;
  folder.SayLastWords(options.rank, status, only_lost);
  return kExitFailed;
}

}  // namespace fp4::trainer
