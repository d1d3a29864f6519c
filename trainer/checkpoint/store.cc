#include "trainer/checkpoint/store.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporary[] = ".writing-";
constexpr char kManifest[] = "manifest.json";

std::string FolderName(const Manifest& manifest) {
  char step[24];
  std::snprintf(step, sizeof step, "%08lld", static_cast<long long>(manifest.step));
  return absl::StrCat("step-", step, ".attempt-", manifest.attempt);
}

bool Newer(const Checkpoint& a, const Checkpoint& b) {
  return std::pair(a.manifest.step, a.manifest.attempt) >
         std::pair(b.manifest.step, b.manifest.attempt);
}

bool WrittenLater(const Checkpoint& a, const Checkpoint& b) {
  return std::pair(a.manifest.attempt, a.manifest.step) >
         std::pair(b.manifest.attempt, b.manifest.step);
}

// In `checkpoints`, newest first, the one that `acknowledged` names, else the newest up to its
// step.
std::vector<Checkpoint>::const_iterator FindStored(const std::vector<Checkpoint>& checkpoints,
                                                   const Acknowledged& acknowledged) {
  auto named = std::ranges::find(checkpoints, acknowledged.folder, &Checkpoint::folder);
  if (named != checkpoints.end()) return named;
  return std::ranges::find_if(checkpoints, [&](const Checkpoint& checkpoint) {
    return checkpoint.manifest.step <= acknowledged.step;
  });
}

// Newest first among equals; those without a value come last.
void SortBestFirst(std::vector<Checkpoint>& checkpoints, bool largest_is_best) {
  auto rank = [&](const Checkpoint& checkpoint) {
    std::optional<double> value = checkpoint.manifest.metric_value;
    if (!value || std::isnan(*value)) return std::numeric_limits<double>::infinity();
    return largest_is_best ? -*value : *value;
  };
  std::ranges::sort(checkpoints, Newer);
  std::ranges::stable_sort(checkpoints, {}, rank);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const fs::path& folder) {
  FP4_ASSIGN_OR_RETURN(std::string text, ReadFile(folder / kManifest));
  Checkpoint checkpoint{.folder = fs::absolute(folder), .manifest = {}};
  FP4_ASSIGN_OR_RETURN(checkpoint.manifest, ParseManifest(text));
  return checkpoint;
}

absl::Status CheckState(Checkpoint& checkpoint, const StopCheck& stop) {
  FP4_ASSIGN_OR_RETURN(checkpoint.state_identity, IdentityOf(checkpoint.state_file()));
  FP4_ASSIGN_OR_RETURN(std::string sha256, Sha256HexOfFile(checkpoint.state_file(), stop));
  if (sha256 == checkpoint.manifest.state_sha256) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(checkpoint.state_file().string(), " has sha256 ", sha256,
                                          ", its manifest says ",
                                          checkpoint.manifest.state_sha256));
}

struct Folders {
  fs::path temporary, target;
};

// Fills the manifest's state_bytes and state_sha256.
absl::Status Write(Manifest& manifest, const std::vector<safetensors::TensorView>& tensors,
                   const std::map<std::string, std::string>& metadata,
                   const std::function<absl::Status()>& before_rename, const Folders& folders) {
  const auto& [temporary, target] = folders;
  std::error_code error;
  fs::remove_all(temporary, error);
  if (fs::create_directories(temporary, error); error) {
    return ErrnoStatus(error.value(), absl::StrCat("make ", temporary.string()));
  }
  FP4_ASSIGN_OR_RETURN(safetensors::WrittenFile state,
                       safetensors::Write(temporary / "state.safetensors", tensors, metadata));
  manifest.state_bytes = state.bytes;
  manifest.state_sha256 = state.sha256;
  FP4_RETURN_IF_ERROR(WriteFileDurably(temporary / kManifest, FormatManifest(manifest)));
  FP4_RETURN_IF_ERROR(before_rename());
  // The same attempt came here before, was killed, and went on from an earlier step: equal state,
  // so either may stay.
  fs::remove_all(target, error);
  DieAt(FaultPoint::kTrainerBeforeRename);
  if (fs::rename(temporary, target, error); error) {
    return ErrnoStatus(error.value(), absl::StrCat("rename ", temporary.string()));
  }
  DieAt(FaultPoint::kTrainerAfterRename);
  const fs::path folder = target.parent_path();
  FP4_RETURN_IF_ERROR(SyncFolder(folder));
  return SyncFolder(folder.parent_path());
}

// Under a worker nothing newer than what the controller has stored is of this history: a silent
// attempt may have written it, and the steps before it would stay missing.
int64_t LastStoredStep(const fs::path& run_dir) {
  absl::StatusOr<std::optional<Acknowledged>> acknowledged = ReadAcknowledged(run_dir);
  return acknowledged.ok() && *acknowledged ? (*acknowledged)->step
                                            : std::numeric_limits<int64_t>::max();
}

// The first whose state is whole.
absl::StatusOr<std::optional<Checkpoint>> FirstWhole(std::vector<Checkpoint> candidates,
                                                     std::vector<std::string>& warnings,
                                                     const StopCheck& stop) {
  for (Checkpoint& checkpoint : candidates) {
    absl::Status status = CheckState(checkpoint, stop);
    if (status.ok()) return std::move(checkpoint);
    if (absl::IsCancelled(status)) return status;
    warnings.push_back(absl::StrCat("corrupt checkpoint passed over: ", status.message()));
  }
  return std::nullopt;
}

}  // namespace

int64_t RegularCheckpoint(const spec::CheckpointSpec& spec, int64_t step) {
  return spec.interval_steps > 0 ? step / spec.interval_steps * spec.interval_steps : 0;
}

absl::Status CheckIsCheckpoint(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / kManifest, error)) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("there is no checkpoint in ", folder.string(), " to resume from"));
}

absl::StatusOr<Checkpoint> OpenCheckpoint(const fs::path& folder, const StopCheck& stop) {
  FP4_ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(folder));
  FP4_RETURN_IF_ERROR(CheckState(checkpoint, stop));
  return checkpoint;
}

std::vector<Checkpoint> Superfluous(std::vector<Checkpoint> checkpoints, const Retention& retention,
                                    const std::optional<Acknowledged>& acknowledged) {
  std::ranges::sort(checkpoints, WrittenLater);
  auto keep_last = static_cast<size_t>(std::max<int64_t>(retention.keep_last, 1));
  if (checkpoints.size() <= keep_last) return {};
  std::vector<Checkpoint> kept = checkpoints;
  SortBestFirst(kept, retention.largest_is_best);
  kept.resize(std::min(kept.size(), static_cast<size_t>(retention.keep_best)));
  if (acknowledged) {
    auto stored = FindStored(checkpoints, *acknowledged);
    if (stored != checkpoints.end()) kept.push_back(*stored);
  }
  auto also = std::ranges::find_if(checkpoints, [&](const Checkpoint& checkpoint) {
    return checkpoint.manifest.step == retention.also_step;
  });
  if (also != checkpoints.end()) kept.push_back(*also);
  checkpoints.erase(checkpoints.begin(), checkpoints.begin() + static_cast<int64_t>(keep_last));
  std::erase_if(checkpoints, [&](const Checkpoint& checkpoint) {
    return std::ranges::any_of(
        kept, [&](const Checkpoint& other) { return other.folder == checkpoint.folder; });
  });
  return checkpoints;
}

CheckpointStore::CheckpointStore(const fs::path& run_dir)
    : folder_(fs::absolute(run_dir) / "checkpoints") {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().filename().string().starts_with(kTemporary))
      fs::remove_all(entry.path(), error);
  }
}

std::vector<Checkpoint> CheckpointStore::List(std::vector<std::string>& warnings) const {
  std::vector<Checkpoint> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (!entry.path().filename().string().starts_with("step-")) continue;
    absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(entry.path());
    if (checkpoint.ok()) {
      found.push_back(*std::move(checkpoint));
    } else {
      warnings.push_back(absl::StrCat("checkpoint passed over: ", checkpoint.status().message()));
    }
  }
  std::ranges::sort(found, Newer);
  return found;
}

absl::StatusOr<std::optional<Checkpoint>> CheckpointStore::Newest(
    const fs::path& preferred, std::vector<std::string>& warnings, const StopCheck& stop) const {
  std::vector<Checkpoint> candidates;
  if (!preferred.empty()) {
    FP4_RETURN_IF_ERROR(CheckIsCheckpoint(preferred));
    absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(preferred);
    if (checkpoint.ok()) {
      candidates.push_back(*std::move(checkpoint));
    } else {
      warnings.push_back(absl::StrCat("the checkpoint to resume from cannot be read: ",
                                      checkpoint.status().message()));
    }
  }
  const int64_t last_step = preferred.empty() ? std::numeric_limits<int64_t>::max()
                                              : LastStoredStep(folder_.parent_path());
  for (Checkpoint& checkpoint : List(warnings)) {
    if (checkpoint.manifest.step <= last_step) candidates.push_back(std::move(checkpoint));
  }
  return FirstWhole(std::move(candidates), warnings, stop);
}

absl::StatusOr<std::optional<Checkpoint>> CheckpointStore::AtStep(
    int64_t step, const std::string& document_sha256, std::vector<std::string>& warnings) const {
  std::vector<Checkpoint> candidates = List(warnings);
  std::erase_if(candidates, [&](const Checkpoint& checkpoint) {
    return checkpoint.manifest.step != step ||
           checkpoint.manifest.document_sha256 != document_sha256;
  });
  return FirstWhole(std::move(candidates), warnings, NeverStop);
}

absl::StatusOr<Checkpoint> CheckpointStore::Save(
    Manifest manifest, const std::vector<safetensors::TensorView>& tensors,
    const std::map<std::string, std::string>& metadata,
    const std::function<absl::Status()>& before_rename) {
  const fs::path target = folder_ / FolderName(manifest);
  const fs::path temporary = folder_ / (kTemporary + FolderName(manifest));
  absl::Status status =
      Write(manifest, tensors, metadata, before_rename, {.temporary = temporary, .target = target});
  if (status.ok()) return Checkpoint{.folder = target, .manifest = manifest};
  // What is half written would keep a full disk full.
  std::error_code error;
  fs::remove_all(temporary, error);
  return MachineFault(status);
}

absl::Status CheckpointStore::Prune(const Retention& retention) {
  absl::StatusOr<std::optional<Acknowledged>> acknowledged =
      ReadAcknowledged(folder_.parent_path());
  if (!acknowledged.ok()) return absl::OkStatus();  // a checkpoint too many is better than none
  std::vector<std::string> warnings;
  for (const Checkpoint& checkpoint : Superfluous(List(warnings), retention, *acknowledged)) {
    std::error_code error;
    if (fs::remove_all(checkpoint.folder, error); error) {
      return MachineFault(
          ErrnoStatus(error.value(), absl::StrCat("remove ", checkpoint.folder.string())));
    }
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
