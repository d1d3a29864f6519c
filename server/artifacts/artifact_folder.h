// How checkpoints lie in the controller's artifact folder:
//
//   token                         random digits: whoever reads the same at this path shares the
//   folder runs/RUN/step-S.attempt-A/    a checkpoint, whole: state.safetensors, manifest.json. A
//   folder of
//                                 this name is complete: it gets it by a rename, synced before
//   incoming/RUN.S.A.SHA.part     what has arrived of one so far
//   incoming/placed-…             a whole state that a worker which shares the folder has put there
//   incoming/making-…             a checkpoint that is about to get its name
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "server/core/checkpoint_retention.h"
#include "server/store/records.h"

namespace fp4::artifacts {

// A checkpoint by its name on the disk.
struct ArtifactKey {
  std::string run_id;
  core::CheckpointKey checkpoint;
  auto operator<=>(const ArtifactKey&) const = default;
};

// "RUN/step-S.attempt-A".
std::filesystem::path ArtifactName(const ArtifactKey& key);

// Thread-safe: it holds nothing but the path. Errors are the system's, with the path; reason
// disk_full where there is no space.
class ArtifactFolder {
 public:
  // Makes the folders and the token where they are missing, and removes what was about to get its
  // name when a controller died.
  static absl::StatusOr<ArtifactFolder> Open(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  const std::string& token() const { return token_; }

  std::filesystem::path CheckpointPath(const ArtifactKey& key) const;
  std::filesystem::path PartPath(const ArtifactKey& key, const std::string& sha256) const;
  // Where a worker has put a file of this name; empty when the name is none of "placed-[a-z0-9-]+".
  std::filesystem::path PlacedPath(const std::string& name) const;

  // Gives the part, which is whole and synced, its name, with the manifest beside it.
  absl::Status Finish(const ArtifactKey& key, const std::filesystem::path& part,
                      std::string_view manifest) const;
  absl::Status Remove(const ArtifactKey& key) const;

  // The whole checkpoints.
  std::vector<ArtifactKey> List() const;
  // Removes incoming files that nobody has touched for `age`, but for those named in `busy`.
  void RemoveStale(absl::Duration age, const std::vector<std::filesystem::path>& busy) const;
  // Of whole checkpoints and incoming ones.
  int64_t UsedBytes() const;

 private:
  ArtifactFolder(std::filesystem::path path, std::string token)
      : path_(std::move(path)), token_(std::move(token)) {}

  std::filesystem::path path_;
  std::string token_;
};

// What a filesystem has left for those who are not root.
absl::StatusOr<int64_t> FreeBytes(const std::filesystem::path& folder);

}  // namespace fp4::artifacts
