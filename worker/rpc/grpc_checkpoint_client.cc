#include "worker/rpc/grpc_checkpoint_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <set>

#include "base/crc32c.h"
#include "base/mutex.h"
#include "base/reasons.h"
#include "fp4/v1/checkpoints.grpc.pb.h"
#include "wire/channel.h"
#include "wire/status.h"

namespace fp4::worker {
namespace {

constexpr auto kCallTimeout = std::chrono::seconds(60);
// The controller reads a placed state whole before it answers.
constexpr auto kPlacedTimeout = std::chrono::hours(1);
constexpr auto kDownloadTimeout = std::chrono::hours(12);

class GrpcCheckpointClient final : public CheckpointClient {
 public:
  GrpcCheckpointClient(const std::string& address, const wire::ChannelSecurity& security)
      : stub_(v1::CheckpointService::NewStub(wire::OpenChannel(address, security))) {}

  absl::StatusOr<std::vector<CheckpointKey>> Offer(
      const Caller& caller, const std::string& run_id,
      const std::vector<LocalCheckpoint>& checkpoints) override {
    v1::OfferCheckpointsRequest request;
    request.set_worker_id(caller.worker_id);
    request.set_incarnation(caller.incarnation);
    request.set_run_id(run_id);
    for (const LocalCheckpoint& checkpoint : checkpoints) {
      v1::OfferedCheckpoint* added = request.add_checkpoints();
      added->set_step(checkpoint.key.step);
      added->set_attempt(checkpoint.key.attempt);
      added->set_bytes(checkpoint.bytes);
      added->set_sha256(checkpoint.sha256);
      added->set_path(checkpoint.folder.string());
    }
    v1::OfferCheckpointsResponse response;
    Context context(*this, kCallTimeout);
    const grpc::Status status = stub_->OfferCheckpoints(&context.get(), request, &response);
    if (!status.ok()) return wire::FromGrpcStatus(status);
    std::vector<CheckpointKey> wanted;
    for (const v1::WantedCheckpoint& one : response.wanted()) {
      wanted.push_back({one.step(), one.attempt()});
    }
    return wanted;
  }

  absl::StatusOr<UploadProgress> Upload(const Caller& caller, const UploadPiece& piece) override {
    v1::UploadCheckpointRequest request;
    request.set_worker_id(caller.worker_id);
    request.set_run_id(piece.run_id);
    request.set_step(piece.checkpoint->key.step);
    request.set_attempt(piece.checkpoint->key.attempt);
    request.set_bytes(piece.checkpoint->bytes);
    request.set_sha256(piece.checkpoint->sha256);
    request.set_manifest(piece.checkpoint->manifest);
    request.set_offset(piece.offset);
    request.set_data(std::string(piece.data));
    request.set_crc32c(Crc32c(piece.data));
    request.set_placed_file(piece.placed_file);
    v1::UploadCheckpointResponse response;
    Context context(*this, piece.placed_file.empty() ? std::chrono::seconds(kCallTimeout)
                                                     : std::chrono::seconds(kPlacedTimeout));
    const grpc::Status status = stub_->UploadCheckpoint(&context.get(), request, &response);
    if (!status.ok()) return wire::FromGrpcStatus(status);
    return UploadProgress{response.next_offset(), response.stored()};
  }

  absl::Status Download(const std::string& run_id, const CheckpointKey& key, int64_t offset,
                        const std::function<absl::Status(const std::string&)>& head,
                        const std::function<absl::Status(std::string_view)>& piece) override {
    v1::DownloadCheckpointRequest request;
    request.set_run_id(run_id);
    request.set_step(key.step);
    request.set_attempt(key.attempt);
    request.set_offset(offset);
    Context context(*this, kDownloadTimeout);
    auto stream = stub_->DownloadCheckpoint(&context.get(), request);
    absl::Status taken;
    bool first = true;
    for (v1::DownloadCheckpointResponse message; taken.ok() && stream->Read(&message);) {
      taken = std::exchange(first, false) ? head(message.manifest()) : Take(message, piece);
    }
    if (!taken.ok()) context.get().TryCancel();
    const grpc::Status status = stream->Finish();
    return taken.ok() ? wire::FromGrpcStatus(status) : taken;
  }

  void CancelAll() override {
    MutexLock lock(mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* context : in_flight_) context->TryCancel();
  }

 private:
  // A call's context, known while the call is under way.
  class Context {
   public:
    Context(GrpcCheckpointClient& client, std::chrono::seconds timeout) : client_(client) {
      context_.set_deadline(std::chrono::system_clock::now() + timeout);
      MutexLock lock(client.mutex_);
      client.in_flight_.insert(&context_);
      if (client.cancelled_) context_.TryCancel();
    }
    ~Context() {
      MutexLock lock(client_.mutex_);
      client_.in_flight_.erase(&context_);
    }
    grpc::ClientContext& get() { return context_; }

   private:
    GrpcCheckpointClient& client_;
    grpc::ClientContext context_;
  };

  static absl::Status Take(const v1::DownloadCheckpointResponse& message,
                           const std::function<absl::Status(std::string_view)>& piece) {
    if (Crc32c(message.data()) == message.crc32c()) return piece(message.data());
    return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kCorruptChunk,
                           "a piece has arrived damaged");
  }

  std::unique_ptr<v1::CheckpointService::Stub> stub_;
  Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> in_flight_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<CheckpointClient> MakeGrpcCheckpointClient(const std::string& address,
                                                           const wire::ChannelSecurity& security) {
  return std::make_unique<GrpcCheckpointClient>(address, security);
}

}  // namespace fp4::worker
