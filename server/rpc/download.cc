#include "server/rpc/download.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/access/rules.h"
#include "server/rpc/invalid_field.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;

absl::Status NotStored(const v1::DownloadCheckpointRequest& request, const std::string& run_id) {
  const std::string which =
      request.step() < 0 ? "a checkpoint" : absl::StrCat("a checkpoint of step ", request.step());
  return ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotStored,
                         absl::StrCat("run ", run_id, ": the controller does not hold ", which));
}

// The one that the request means.
absl::StatusOr<store::StoredCheckpoint> Find(store::Reader& reader,
                                             const v1::DownloadCheckpointRequest& request,
                                             const std::string& owner) {
  if (request.offset() < 0) {
    return InvalidField("offset", absl::StrCat("is ", request.offset(), ", below 0"));
  }
  FP4_ASSIGN_OR_RETURN(const store::RunCheckpoints all, reader.ListCheckpoints(request.run_id()));
  if (!owner.empty()) {
    FP4_ASSIGN_OR_RETURN(const bool own,
                         reader.HasAttemptOf(owner, all.run_id, /*worker_id=*/"", /*ever=*/false));
    if (!own) {
      return access::Denied(absl::StrCat("no worker of the identity '", owner,
                                         "' has the lease of run ", all.run_id));
    }
  }
  for (const store::CheckpointRecord& one : all.checkpoints) {
    const bool fits = one.stored() && (request.step() < 0 || request.step() == one.key.step) &&
                      (request.attempt() == 0 || request.attempt() == one.key.attempt);
    if (fits) return store::StoredCheckpoint{all.run_id, one.key, one.bytes, one.sha256};
  }
  return NotStored(request, all.run_id);
}

// At any time one operation is under way: the look-up, a read, or a write of gRPC's. Whoever
// completes it starts the next one; what comes from the side only leaves a status, which ends the
// stream then.
class Download : public grpc::ServerWriteReactor<v1::DownloadCheckpointResponse>,
                 public OpenCall,
                 public std::enable_shared_from_this<Download> {
 public:
  Download(const DownloadContext& context, const v1::DownloadCheckpointRequest& request)
      : context_(context), request_(request) {}

  void Start() {
    self_ = shared_from_this();
    if (!context_.open_calls.Add(self_)) EndForShutdown();
    context_.store.Read([self = self_](store::Reader& reader) {
      absl::StatusOr<store::StoredCheckpoint> found =
          Find(reader, self->request_, self->context_.worker_owner);
      if (!found.ok()) return self->Finish(wire::ToGrpcStatus(found.status()));
      self->context_.artifacts.OpenStored(
          *std::move(found),
          [self](absl::StatusOr<artifacts::OpenArtifact> opened) { self->Opened(opened); });
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) Stop(absl::CancelledError("the caller has gone"));
    context_.artifacts.Run([self = self_] { self->Next(); });
  }
  void OnCancel() override { Stop(absl::CancelledError("the caller has gone")); }
  void EndForShutdown() override {
    Stop(ErrorWithReason(absl::StatusCode::kUnavailable, reason::kShuttingDown,
                         "the controller is stopping; go on from the last offset"));
  }
  void OnDone() override {
    // gRPC ends OnCancel before this by a count that ThreadSanitizer does not see; the lock it
    // sees.
    { MutexLock lock(mutex_); }
    context_.open_calls.Remove(self_);
    self_.reset();
  }

 private:
  void Stop(absl::Status status) {
    MutexLock lock(mutex_);
    if (stop_.ok()) stop_ = std::move(status);
  }
  absl::Status StopStatus() {
    MutexLock lock(mutex_);
    return stop_;
  }

  void Opened(absl::StatusOr<artifacts::OpenArtifact>& opened) {
    if (!opened.ok()) return Finish(wire::ToGrpcStatus(opened.status()));
    artifact_ = *std::move(opened);
    offset_ = request_.offset();
    const store::StoredCheckpoint& checkpoint = artifact_.checkpoint;
    if (offset_ > checkpoint.bytes) {
      return Finish(wire::ToGrpcStatus(InvalidField(
          "offset", absl::StrCat("is ", offset_, "; the state has ", checkpoint.bytes))));
    }
    message_.set_step(checkpoint.key.step);
    message_.set_attempt(checkpoint.key.attempt);
    message_.set_bytes(checkpoint.bytes);
    message_.set_sha256(checkpoint.sha256);
    message_.set_manifest(artifact_.manifest);
    StartWrite(&message_);
  }

  void Next() {
    if (absl::Status stopped = StopStatus(); !stopped.ok()) {
      return Finish(wire::ToGrpcStatus(stopped));
    }
    if (offset_ == artifact_.checkpoint.bytes) return Finish(grpc::Status::OK);
    if (absl::Status read = ReadPiece(); !read.ok()) return Finish(wire::ToGrpcStatus(read));
    StartWrite(&message_);
  }

  absl::Status ReadPiece() {
    message_.Clear();
    std::string& data = *message_.mutable_data();
    data.resize(std::min(kPieceBytes, artifact_.checkpoint.bytes - offset_));
    size_t have = 0;
    while (have < data.size()) {
      const auto at = static_cast<off_t>(offset_ + static_cast<int64_t>(have));
      const ssize_t num = pread(artifact_.state.get(), data.data() + have, data.size() - have, at);
      if (num < 0 && errno == EINTR) continue;
      if (num <= 0) {
        return ErrorWithReason(
            absl::StatusCode::kDataLoss, reason::kCorruptCheckpoint,
            absl::StrCat("byte ", at, " cannot be read: ",
                         num == 0 ? "the file ends there" : std::string(strerror(errno))));
      }
      have += static_cast<size_t>(num);
    }
    message_.set_crc32c(Crc32c(data));
    offset_ += static_cast<int64_t>(data.size());
    return absl::OkStatus();
  }

  const DownloadContext context_;
  const v1::DownloadCheckpointRequest request_;
  std::shared_ptr<Download> self_;  // until OnDone

  // Touched only by the operation under way.
  artifacts::OpenArtifact artifact_;
  int64_t offset_ = 0;
  v1::DownloadCheckpointResponse message_;

  Mutex mutex_;
  absl::Status stop_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

grpc::ServerWriteReactor<v1::DownloadCheckpointResponse>* StartDownload(
    const DownloadContext& context, const v1::DownloadCheckpointRequest& request) {
  auto download = std::make_shared<Download>(context, request);
  download->Start();
  return download.get();
}

}  // namespace fp4::rpc
