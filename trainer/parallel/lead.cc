#include "trainer/parallel/lead.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/own_program.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "trainer/parallel/peers.h"

namespace fp4::trainer {
namespace {

// How long an end that explains a broken connection may be in coming.
constexpr absl::Duration kPatience = absl::Seconds(5);

GroupChoices ChoicesOf(const Parts& parts) {
  return {.leader = getpid(),
          .document_sha256 = Sha256Hex(parts.document),
          .data_sha256 = parts.manifest.data_sha256,
          .compute_dtype = parts.manifest.compute_dtype,
          .cpu_threads = parts.manifest.cpu_threads,
          .resume_from = parts.resumed ? parts.resumed->folder.string() : "none"};
}

// The GPUs of a run follow one another, as CUDA_VISIBLE_DEVICES has them.
std::string DeviceOf(const at::Device& first, int64_t rank) {
  return first.is_cpu() ? "cpu" : absl::StrCat("cuda:", first.index() + rank);
}

Peers::Command CommandOf(const Parts& parts, const Options& options, int64_t rank) {
  Peers::Command command = {OwnProgram().string(),
                            options.document,
                            "--run-dir",
                            options.run_dir,
                            "--variant",
                            parts.run.variant,
                            "--seed",
                            absl::StrCat(parts.run.seed),
                            "--device",
                            DeviceOf(parts.backend->device(), rank),
                            "--rank",
                            absl::StrCat(rank)};
  if (!options.lease_file.empty()) {
    command.emplace_back("--lease-file");
    command.push_back(options.lease_file);
  }
  return command;
}

// The group is in `parts` as long as this works with it.
class ScopedGroup {
 public:
  ScopedGroup(Parts& parts, Peers& peers, const GroupFolder& folder)
      : parts_(parts), peers_(peers) {
    group_ = ProcessGroup::Connect({.rank = 0,
                                    .size = parts.run.resources.world_size(),
                                    .store = folder.store(),
                                    .device = parts.backend->device()});
    parts_.group = group_.get();
    peers_.OnEnd([this] { group_->Abort(); });
  }
  ~ScopedGroup() {
    peers_.OnEnd(nullptr);
    parts_.group = nullptr;
  }
  ScopedGroup(const ScopedGroup&) = delete;
  ScopedGroup& operator=(const ScopedGroup&) = delete;

 private:
  Parts& parts_;
  Peers& peers_;
  std::unique_ptr<ProcessGroup> group_;
};

}  // namespace

absl::StatusOr<Outcome> LeadGroup(Parts& parts, const Options& options, EventLog& log,
                                  const StopCheck& stop) {
  if (!ProcessGroup::CanConnect(parts.backend->device())) {
    return MachineFault(absl::FailedPreconditionError(absl::StrCat(
        "resources.gpus is ", parts.run.resources.gpus,
        ", and libfp4_cuda.so was built where there was no NCCL (nccl.h), which connects GPUs")));
  }
  const GroupFolder folder(options.run_dir);
  FP4_RETURN_IF_ERROR(folder.Make(ChoicesOf(parts)));
  std::vector<Peers::Command> commands;
  for (int64_t rank = 1; rank < parts.run.resources.world_size(); ++rank)
    commands.push_back(CommandOf(parts, options, rank));
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<Peers> peers, Peers::Start(commands, folder));
  FP4_RETURN_IF_ERROR(peers->WaitUntilReady(stop));
  absl::StatusOr<Outcome> outcome = Outcome::kCompleted;
  try {
    const ScopedGroup group(parts, *peers, folder);
    outcome = Train(parts, log, stop);
  } catch (const PeerLostError& error) {
    return peers->WhyLost(error.what(), kPatience);
  }
  folder.Remove();
  return outcome;
}

}  // namespace fp4::trainer
