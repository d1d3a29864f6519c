#include "worker/checkpoints/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPieceBytes = int64_t{1} << 20;
// Pieces of one checkpoint that arrived damaged.
constexpr int kMaxDamagedPieces = 5;

absl::StatusOr<UniqueFd> OpenToRead(const fs::path& file, const std::optional<TrainerUser>& user) {
  const ActAsTrainer act(user);
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", file.string()));
  return fd;
}

// At most a piece; shorter at the end.
absl::Status ReadPiece(const UniqueFd& fd, int64_t offset, std::string& piece) {
  piece.resize(kPieceBytes);
  size_t have = 0;
  while (have < piece.size()) {
    const ssize_t num = pread(fd.get(), piece.data() + have, piece.size() - have,
                              offset + static_cast<int64_t>(have));
    if (num < 0 && errno == EINTR) continue;
    if (num < 0) return ErrnoStatus(errno, "read the state of a checkpoint");
    if (num == 0) break;
    have += static_cast<size_t>(num);
  }
  piece.resize(have);
  return absl::OkStatus();
}

absl::Status Stopped() { return absl::CancelledError("the worker stops"); }

bool IsDamagedPiece(const absl::Status& error) { return ReasonOf(error) == reason::kCorruptChunk; }

absl::Status SendPieces(const UploadContext& context, const std::string& run_id,
                        const LocalCheckpoint& checkpoint, const UniqueFd& state) {
  UploadPiece piece{.run_id = run_id, .checkpoint = &checkpoint, .data = {}, .placed_file = {}};
  std::string data;
  int num_damaged = 0;
  while (true) {
    const absl::StatusOr<UploadProgress> progress = context.client.Upload(context.caller, piece);
    if (!progress.ok() &&
        (!IsDamagedPiece(progress.status()) || ++num_damaged > kMaxDamagedPieces)) {
      return progress.status();
    }
    if (!piece.data.empty()) DieAt(FaultPoint::kWorkerPieceSent);
    if (progress.ok() && progress->stored) return absl::OkStatus();
    if (!context.pace(static_cast<int64_t>(data.size()))) return Stopped();
    if (!progress.ok()) {
      piece.data = {};  // asks where to go on
      data.clear();
      continue;
    }
    piece.offset = progress->next_offset;
    FP4_RETURN_IF_ERROR(ReadPiece(state, piece.offset, data));
    if (data.empty()) {
      return absl::DataLossError(absl::StrCat(checkpoint.state_file().string(), " ends at byte ",
                                              piece.offset, ", its manifest says ",
                                              checkpoint.bytes));
    }
    piece.data = data;
  }
}

absl::Status Copy(const UploadContext& context, const UniqueFd& state, const fs::path& target) {
  const UniqueFd copy(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!copy.valid()) return ErrnoStatus(errno, absl::StrCat("make ", target.string()));
  std::string data;
  for (int64_t offset = 0;; offset += static_cast<int64_t>(data.size())) {
    FP4_RETURN_IF_ERROR(ReadPiece(state, offset, data));
    if (data.empty()) break;
    FP4_RETURN_IF_ERROR(WriteAll(copy.get(), data, target.string()));
    if (!context.pace(static_cast<int64_t>(data.size()))) return Stopped();
  }
  if (fsync(copy.get()) != 0) return ErrnoStatus(errno, absl::StrCat("sync ", target.string()));
  return absl::OkStatus();
}

absl::Status Place(const UploadContext& context, const std::string& run_id,
                   const LocalCheckpoint& checkpoint, const UniqueFd& state) {
  const std::string name = absl::StrCat("placed-", run_id, "-", checkpoint.key.step, "-",
                                        checkpoint.key.attempt, "-", RandomIds().NewId());
  const fs::path target = context.place.folder / "incoming" / name;
  std::error_code error;
  fs::create_hard_link(checkpoint.state_file(), target, error);
  absl::Status placed = error ? Copy(context, state, target) : absl::OkStatus();
  if (placed.ok()) {
    placed =
        context.client
            .Upload(context.caller,
                    {.run_id = run_id, .checkpoint = &checkpoint, .data = {}, .placed_file = name})
            .status();
  }
  if (!placed.ok()) fs::remove(target, error);
  return placed;
}

}  // namespace

bool SeesArtifacts(const ArtifactPlace& place) {
  if (place.token.empty()) return false;
  const absl::StatusOr<std::string> token = ReadFile(place.folder / "token");
  return token.ok() && *token == place.token;
}

absl::Status Upload(const UploadContext& context, const std::string& run_id,
                    const LocalCheckpoint& checkpoint) {
  FP4_ASSIGN_OR_RETURN(const UniqueFd state, OpenToRead(checkpoint.state_file(), context.user));
  if (SeesArtifacts(context.place)) {
    absl::Status placed = Place(context, run_id, checkpoint, state);
    // A folder that is seen and cannot be written to is as good as none.
    if (!absl::IsPermissionDenied(placed)) return placed;
  }
  return SendPieces(context, run_id, checkpoint, state);
}

}  // namespace fp4::worker
