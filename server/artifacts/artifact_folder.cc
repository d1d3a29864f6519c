#include "server/artifacts/artifact_folder.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/fault_points.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "server/artifacts/copy_file.h"

namespace fp4::artifacts {
namespace {

namespace fs = std::filesystem;

constexpr char kState[] = "state.safetensors", kManifest[] = "manifest.json";
constexpr char kMaking[] = "making-", kPlaced[] = "placed-";

absl::Status Error(const std::error_code& error, std::string_view what, const fs::path& path) {
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat(std::string(what), " ", path.string()));
}

std::string CheckpointName(const core::CheckpointKey& key) {
  return absl::StrFormat("step-%08d.attempt-%d", key.step, key.attempt);
}

template <typename Integer>
bool TakeNumber(std::string_view& text, Integer& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(end - text.data());
  return error == std::errc();
}

bool TakeWord(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<core::CheckpointKey> ParseName(std::string_view name) {
  core::CheckpointKey key;
  const bool fits = TakeWord(name, "step-") && TakeNumber(name, key.step) &&
                    TakeWord(name, ".attempt-") && TakeNumber(name, key.attempt) && name.empty();
  return fits ? std::optional(key) : std::nullopt;
}

absl::StatusOr<std::string> ReadOrMakeToken(const fs::path& file) {
  absl::StatusOr<std::string> token = ReadFile(file);
  if (token.ok() && !token->empty()) return token;
  if (!token.ok() && !absl::IsNotFound(token.status())) return token;
  std::string made = absl::StrCat(RandomIds().NewId(), RandomIds().NewId(), "\n");
  FP4_RETURN_IF_ERROR(WriteFileDurably(file, made));
  return made;
}

std::vector<fs::path> Children(const fs::path& folder) {
  std::vector<fs::path> children;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) children.push_back(entry.path());
  return children;
}

int64_t BytesBelow(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    const auto size = entry->is_regular_file(error) ? entry->file_size(error) : 0;
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace

fs::path ArtifactName(const ArtifactKey& key) {
  return fs::path(key.run_id) / CheckpointName(key.checkpoint);
}

absl::StatusOr<ArtifactFolder> ArtifactFolder::Open(fs::path path) {
  FP4_RETURN_IF_ERROR(MakeFolder(path / "runs"));
  FP4_RETURN_IF_ERROR(MakeFolder(path / "incoming"));
  FP4_ASSIGN_OR_RETURN(std::string token, ReadOrMakeToken(path / "token"));
  for (const fs::path& child : Children(path / "incoming")) {
    std::error_code ignored;
    if (child.filename().string().starts_with(kMaking)) fs::remove_all(child, ignored);
  }
  return ArtifactFolder(std::move(path), std::move(token));
}

fs::path ArtifactFolder::CheckpointPath(const ArtifactKey& key) const {
  return path_ / "runs" / ArtifactName(key);
}

fs::path ArtifactFolder::PartPath(const ArtifactKey& key, const std::string& sha256) const {
  return path_ / "incoming" /
         absl::StrCat(key.run_id, ".", key.checkpoint.step, ".", key.checkpoint.attempt, ".",
                      sha256.substr(0, 16), ".part");
}

fs::path ArtifactFolder::PlacedPath(const std::string& name) const {
  const bool fits = name.starts_with(kPlaced) && std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  return fits ? path_ / "incoming" / name : fs::path();
}

absl::Status ArtifactFolder::Finish(const ArtifactKey& key, const fs::path& part,
                                    std::string_view manifest) const {
  const fs::path target = CheckpointPath(key);
  const fs::path making = path_ / "incoming" / absl::StrCat(kMaking, part.filename().string());
  FP4_RETURN_IF_ERROR(MakeFolder(making));
  FP4_RETURN_IF_ERROR(WriteFileDurably(making / kManifest, manifest));
  std::error_code error;
  fs::rename(part, making / kState, error);
  FP4_RETURN_IF_ERROR(Error(error, "rename", part));
  FP4_RETURN_IF_ERROR(SyncFolder(making));
  FP4_RETURN_IF_ERROR(MakeFolder(target.parent_path()));
  fs::remove_all(target, error);  // one that the database does not know
  DieAt(FaultPoint::kArtifactBeforeRename);
  fs::rename(making, target, error);
  FP4_RETURN_IF_ERROR(Error(error, "rename", making));
  DieAt(FaultPoint::kArtifactAfterRename);
  FP4_RETURN_IF_ERROR(SyncFolder(target.parent_path()));
  return SyncFolder(path_ / "runs");
}

absl::Status ArtifactFolder::Remove(const ArtifactKey& key) const {
  std::error_code error;
  fs::remove_all(CheckpointPath(key), error);
  FP4_RETURN_IF_ERROR(Error(error, "remove", CheckpointPath(key)));
  fs::remove(path_ / "runs" / key.run_id, error);  // when it is empty
  return absl::OkStatus();
}

std::vector<ArtifactKey> ArtifactFolder::List() const {
  std::vector<ArtifactKey> keys;
  for (const fs::path& run : Children(path_ / "runs")) {
    for (const fs::path& folder : Children(run)) {
      if (const auto key = ParseName(folder.filename().string())) {
        keys.push_back({run.filename().string(), *key});
      }
    }
  }
  return keys;
}

void ArtifactFolder::RemoveStale(absl::Duration age, const std::vector<fs::path>& busy) const {
  const auto oldest = fs::file_time_type::clock::now() - absl::ToChronoSeconds(age);
  for (const fs::path& child : Children(path_ / "incoming")) {
    if (std::ranges::find(busy, child) != busy.end()) continue;
    std::error_code error;
    const auto written = fs::last_write_time(child, error);
    if (error || written > oldest) continue;
    fs::remove_all(child, error);
    LogInfo("stale upload removed", {{"file", child.filename().string()}});
  }
}

int64_t ArtifactFolder::UsedBytes() const { return BytesBelow(path_); }

absl::StatusOr<int64_t> FreeBytes(const fs::path& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("statvfs ", folder.string()));
  }
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

}  // namespace fp4::artifacts
