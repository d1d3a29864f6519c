#include "client/checkpoints/download.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "client/errors.h"

namespace fp4::client {
namespace {

namespace fs = std::filesystem;

// The checkpoint that is meant, and the controller holds it.
absl::StatusOr<v1::CheckpointRecord> Find(const v1::ListCheckpointsResponse& all, int64_t step) {
  const v1::CheckpointRecord* elsewhere = nullptr;
  for (const v1::CheckpointRecord& one : all.checkpoints()) {
    if (step >= 0 && one.step() != step) continue;
    if (one.stored()) return one;
    if (elsewhere == nullptr) elsewhere = &one;
  }
  const std::string which =
      step < 0 ? "no checkpoint" : absl::StrCat("no checkpoint of step ", step);
  if (elsewhere == nullptr) {
    return NoSuch(absl::StrCat("run ", all.run_id(), " has ", which, "; `fp4ctl checkpoints ls ",
                               all.run_id(), "` lists them"));
  }
  return NoSuch(absl::StrCat("the controller holds ", which, " of run ", all.run_id(),
                             " yet; step ", elsewhere->step(), " lies on worker ",
                             elsewhere->worker(), " in ", elsewhere->path()));
}

absl::StatusOr<UniqueFd> OpenPart(const fs::path& part, int64_t bytes) {
  UniqueFd fd(open(part.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", part.string()));
  if (lseek(fd.get(), 0, SEEK_END) > bytes && ftruncate(fd.get(), 0) != 0) {
    return ErrnoStatus(errno, absl::StrCat("truncate ", part.string()));
  }
  return fd;
}

// Gives the part its name once it has the digest.
absl::Status Finish(const fs::path& part, const fs::path& state, const UniqueFd& fd,
                    const std::string& sha256) {
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("sync ", part.string()));
  FP4_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(part));
  std::error_code error;
  if (digest != sha256) {
    fs::remove(part, error);
    return absl::DataLossError(absl::StrCat("what has arrived has sha256 ", digest,
                                            ", the controller tells ", sha256, "; try again"));
  }
  fs::rename(part, state, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("rename ", part.string()));
  return SyncFolder(state.parent_path());
}

}  // namespace

absl::StatusOr<Downloaded> DownloadCheckpoint(Operations& operations, const std::string& run_id,
                                              int64_t step, const fs::path& folder) {
  FP4_ASSIGN_OR_RETURN(const v1::ListCheckpointsResponse all, operations.ListCheckpoints(run_id));
  FP4_ASSIGN_OR_RETURN(const v1::CheckpointRecord record, Find(all, step));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", folder.string()));
  const fs::path state = folder / "state.safetensors";
  // Of this checkpoint alone: another one's part is not gone on with.
  const fs::path part =
      folder / absl::StrCat("state.safetensors.", record.sha256().substr(0, 12), ".part");
  FP4_ASSIGN_OR_RETURN(const UniqueFd fd, OpenPart(part, record.bytes()));
  v1::DownloadCheckpointRequest request;
  request.set_run_id(all.run_id());
  request.set_step(record.step());
  request.set_attempt(record.attempt());
  request.set_offset(lseek(fd.get(), 0, SEEK_END));
  FP4_RETURN_IF_ERROR(operations.Download(
      request,
      [&](const v1::DownloadCheckpointResponse& head) {
        return WriteFileDurably(folder / "manifest.json", head.manifest());
      },
      [&](std::string_view piece) { return WriteAll(fd.get(), piece, part.string()); }));
  FP4_RETURN_IF_ERROR(Finish(part, state, fd, record.sha256()));
  return Downloaded{.step = record.step(),
                    .attempt = record.attempt(),
                    .bytes = record.bytes(),
                    .sha256 = record.sha256()};
}

}  // namespace fp4::client
