#include "trainer/checkpoint/store.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporary[] = ".writing-";

std::string FolderName(const Manifest& manifest) {
  char step[24];
  std::snprintf(step, sizeof step, "%08lld", static_cast<long long>(manifest.step));
  return absl::StrCat("step-", step, ".attempt-", manifest.attempt);
}

bool Newer(const Checkpoint& a, const Checkpoint& b) {
  return std::pair(a.manifest.step, a.manifest.attempt) >
         std::pair(b.manifest.step, b.manifest.attempt);
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
  FP4_ASSIGN_OR_RETURN(std::string text, ReadFile(folder / "manifest.json"));
  Checkpoint checkpoint{fs::absolute(folder), {}};
  FP4_ASSIGN_OR_RETURN(checkpoint.manifest, ParseManifest(text));
  return checkpoint;
}

absl::Status CheckState(const Checkpoint& checkpoint) {
  FP4_ASSIGN_OR_RETURN(std::string sha256, Sha256HexOfFile(checkpoint.state_file()));
  if (sha256 == checkpoint.manifest.state_sha256) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(checkpoint.state_file().string(), " has sha256 ", sha256,
                                          ", its manifest says ",
                                          checkpoint.manifest.state_sha256));
}

}  // namespace

std::vector<Checkpoint> Superfluous(std::vector<Checkpoint> checkpoints,
                                    const Retention& retention) {
  std::ranges::sort(checkpoints, Newer);
  auto keep_last = static_cast<size_t>(std::max<int64_t>(retention.keep_last, 1));
  if (checkpoints.size() <= keep_last) return {};
  std::vector<Checkpoint> best = checkpoints;
  SortBestFirst(best, retention.largest_is_best);
  best.resize(std::min(best.size(), static_cast<size_t>(retention.keep_best)));
  checkpoints.erase(checkpoints.begin(), checkpoints.begin() + static_cast<int64_t>(keep_last));
  std::erase_if(checkpoints, [&](const Checkpoint& checkpoint) {
    return std::ranges::any_of(
        best, [&](const Checkpoint& kept) { return kept.folder == checkpoint.folder; });
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

std::optional<Checkpoint> CheckpointStore::Newest(const fs::path& preferred,
                                                  std::vector<std::string>& warnings) const {
  std::vector<Checkpoint> candidates;
  if (!preferred.empty()) {
    absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(preferred);
    if (checkpoint.ok()) {
      candidates.push_back(*std::move(checkpoint));
    } else {
      warnings.push_back(absl::StrCat("the checkpoint to resume from cannot be read: ",
                                      checkpoint.status().message()));
    }
  }
  for (Checkpoint& checkpoint : List(warnings)) candidates.push_back(std::move(checkpoint));
  for (Checkpoint& checkpoint : candidates) {
    absl::Status status = CheckState(checkpoint);
    if (status.ok()) return std::move(checkpoint);
    warnings.push_back(absl::StrCat("corrupt checkpoint passed over: ", status.message()));
  }
  return std::nullopt;
}

absl::StatusOr<Checkpoint> CheckpointStore::Save(
    Manifest manifest, const std::vector<safetensors::TensorView>& tensors,
    const std::map<std::string, std::string>& metadata,
    const std::function<absl::Status()>& before_rename) {
  const fs::path target = folder_ / FolderName(manifest);
  const fs::path temporary = folder_ / (kTemporary + FolderName(manifest));
  std::error_code error;
  fs::remove_all(temporary, error);
  if (fs::create_directories(temporary, error); error) {
    return ErrnoStatus(error.value(), absl::StrCat("make ", temporary.string()));
  }
  FP4_ASSIGN_OR_RETURN(safetensors::WrittenFile state,
                       safetensors::Write(temporary / "state.safetensors", tensors, metadata));
  manifest.state_bytes = state.bytes;
  manifest.state_sha256 = state.sha256;
  FP4_RETURN_IF_ERROR(WriteFileDurably(temporary / "manifest.json", FormatManifest(manifest)));
  FP4_RETURN_IF_ERROR(before_rename());
  // The same attempt came here before, was killed, and went on from an earlier step: equal state,
  // so either may stay.
  fs::remove_all(target, error);
  if (fs::rename(temporary, target, error); error) {
    return ErrnoStatus(error.value(), absl::StrCat("rename ", temporary.string()));
  }
  FP4_RETURN_IF_ERROR(SyncFolder(folder_));
  FP4_RETURN_IF_ERROR(SyncFolder(folder_.parent_path()));
  return Checkpoint{target, manifest};
}

absl::Status CheckpointStore::Prune(const Retention& retention) {
  std::vector<std::string> warnings;
  for (const Checkpoint& checkpoint : Superfluous(List(warnings), retention)) {
    std::error_code error;
    if (fs::remove_all(checkpoint.folder, error); error) {
      return ErrnoStatus(error.value(), absl::StrCat("remove ", checkpoint.folder.string()));
    }
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
