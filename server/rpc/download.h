// The stream behind DownloadCheckpoint.
#pragma once

#include "fp4/v1/checkpoints.grpc.pb.h"
#include "server/artifacts/artifact_store.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// What downloads share, which outlives them all, and for whom this one is.
struct DownloadContext {
  store::Store& store;
  artifacts::ArtifactStore& artifacts;
  OpenCalls& open_calls;
  std::string worker_owner = {};  // not empty: only of a run that a worker of this identity has now
};

// Sends what the checkpoint is, and then its state piece by piece; the next piece is read when the
// transport has taken the last one. gRPC owns the reactor through its OnDone.
grpc::ServerWriteReactor<v1::DownloadCheckpointResponse>* StartDownload(
    const DownloadContext& context, const v1::DownloadCheckpointRequest& request);

}  // namespace fp4::rpc
