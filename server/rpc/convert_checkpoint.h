// Checkpoints between the store and the wire.
#pragma once

#include "fp4/v1/checkpoints.pb.h"
#include "fp4/v1/types.pb.h"
#include "server/artifacts/artifact_store.h"
#include "server/store/requests.h"

namespace fp4::rpc {

v1::ListCheckpointsResponse ToProto(const store::RunCheckpoints& checkpoints);
// As a run's description shows it.
v1::Checkpoint ToProto(const store::CheckpointRecord& checkpoint);
v1::Checkpoint ToProto(const store::AssignedCheckpoint& checkpoint);
v1::OfferCheckpointsResponse ToProto(const store::WantedCheckpoints& wanted);

store::OfferCheckpoints FromProto(const v1::OfferCheckpointsRequest& request);
artifacts::UploadPiece FromProto(const v1::UploadCheckpointRequest& request);

}  // namespace fp4::rpc
