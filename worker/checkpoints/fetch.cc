#include "worker/checkpoints/fetch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "worker/checkpoints/upload.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat("make ", folder.string()));
}

// As the controller's artifact folder lies: server/artifacts/artifact_folder.h.
bool TakeShared(const ArtifactPlace& place, const FetchRequest& request) {
  if (!SeesArtifacts(place) || !MakeFolder(request.part).ok()) return false;
  const fs::path from = place.folder / "runs" / request.run_id / request.folder.filename();
  std::error_code error;
  for (const char* file : {"state.safetensors", "manifest.json"}) {
    fs::remove(request.part / file, error);
    fs::create_hard_link(from / file, request.part / file, error);
    if (error) return false;
  }
  return true;
}

// What an earlier try has left of the state, or an empty file; its length in `have`.
absl::StatusOr<UniqueFd> OpenPart(const FetchRequest& request, const fs::path& file,
                                  const std::optional<TrainerUser>& user, int64_t& have) {
  const ActAsTrainer act(user);
  FP4_RETURN_IF_ERROR(MakeFolder(request.part));
  UniqueFd state(open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  struct stat info {};
  if (!state.valid() || fstat(state.get(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("open ", file.string()));
  }
  have = info.st_size > request.checkpoint.bytes ? 0 : info.st_size;
  if (have < info.st_size && ftruncate(state.get(), 0) != 0) {
    return ErrnoStatus(errno, absl::StrCat("truncate ", file.string()));
  }
  return state;
}

absl::Status Download(CheckpointClient& client, const FetchRequest& request,
                      const std::optional<TrainerUser>& user,
                      const std::function<bool()>& stopped) {
  const fs::path file = request.part / "state.part";
  int64_t have = 0;
  FP4_ASSIGN_OR_RETURN(const UniqueFd state, OpenPart(request, file, user, have));
  const CheckpointKey key{request.checkpoint.step, request.checkpoint.attempt};
  FP4_RETURN_IF_ERROR(client.Download(
      request.run_id, key, have,
      [&](const std::string& manifest) {
        const ActAsTrainer act(user);
        return WriteFileDurably(request.part / "manifest.json", manifest);
      },
      [&](std::string_view piece) -> absl::Status {
        if (stopped()) return absl::CancelledError("not wanted any more");
        return WriteAll(state.get(), piece, file.string());
      }));
  if (fsync(state.get()) != 0) return ErrnoStatus(errno, absl::StrCat("sync ", file.string()));
  const ActAsTrainer act(user);
  std::error_code error;
  fs::rename(file, request.part / "state.safetensors", error);
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat("rename ", file.string()));
}

absl::Status Verify(const FetchRequest& request) {
  const fs::path file = request.part / "state.safetensors";
  FP4_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
  if (digest == request.checkpoint.sha256) return absl::OkStatus();
  std::error_code ignored;
  fs::remove_all(request.part, ignored);
  return absl::DataLossError(absl::StrCat("the checkpoint of step ", request.checkpoint.step,
                                          " has sha256 ", digest, ", its event told ",
                                          request.checkpoint.sha256));
}

absl::Status Publish(const FetchRequest& request) {
  FP4_RETURN_IF_ERROR(MakeFolder(request.folder.parent_path()));
  FP4_RETURN_IF_ERROR(SyncFolder(request.part));
  std::error_code error;
  fs::remove_all(request.folder, error);  // without a manifest, or it would not have been fetched
  DieAt(FaultPoint::kWorkerBeforeRename);
  fs::rename(request.part, request.folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("rename ", request.part.string()));
  return SyncFolder(request.folder.parent_path());
}

}  // namespace

absl::Status BringCheckpoint(CheckpointClient& client, const ArtifactPlace& place,
                             const FetchRequest& request, const std::optional<TrainerUser>& user,
                             const std::function<bool()>& stopped) {
  if (!TakeShared(place, request)) {
    FP4_RETURN_IF_ERROR(Download(client, request, user, stopped));
  }
  const ActAsTrainer act(user);
  FP4_RETURN_IF_ERROR(Verify(request));
  return Publish(request);
}

}  // namespace fp4::worker
