// What workers and users call about checkpoints (proto/fp4/v1/checkpoints.proto).
#pragma once

#include "fp4/v1/checkpoints.grpc.pb.h"
#include "server/artifacts/artifact_store.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Thread-safe. Store, artifacts and open calls outlive the service, the service outlives the
// server.
class CheckpointService final : public v1::CheckpointService::CallbackService {
 public:
  CheckpointService(store::Store& store, artifacts::ArtifactStore& artifacts, OpenCalls& open_calls)
      : store_(store), artifacts_(artifacts), open_calls_(open_calls) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* ListCheckpoints(Context* context, const v1::ListCheckpointsRequest* request,
                           v1::ListCheckpointsResponse* response) override;
  grpc::ServerWriteReactor<v1::DownloadCheckpointResponse>* DownloadCheckpoint(
      Context* context, const v1::DownloadCheckpointRequest* request) override;
  Reactor* OfferCheckpoints(Context* context, const v1::OfferCheckpointsRequest* request,
                            v1::OfferCheckpointsResponse* response) override;
  Reactor* UploadCheckpoint(Context* context, const v1::UploadCheckpointRequest* request,
                            v1::UploadCheckpointResponse* response) override;
  void TakePiece(Reactor* reactor, const v1::UploadCheckpointRequest& request,
                 v1::UploadCheckpointResponse* response);

  store::Store& store_;
  artifacts::ArtifactStore& artifacts_;
  OpenCalls& open_calls_;
};

}  // namespace fp4::rpc
