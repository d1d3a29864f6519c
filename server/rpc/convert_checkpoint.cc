#include "server/rpc/convert_checkpoint.h"

#include "wire/events.h"
#include "wire/times.h"

namespace fp4::rpc {

v1::ListCheckpointsResponse ToProto(const store::RunCheckpoints& checkpoints) {
  v1::ListCheckpointsResponse message;
  message.set_run_id(checkpoints.run_id);
  for (const store::CheckpointRecord& record : checkpoints.checkpoints) {
    v1::CheckpointRecord* added = message.add_checkpoints();
    added->set_step(record.key.step);
    added->set_attempt(record.key.attempt);
    added->set_bytes(record.bytes);
    added->set_sha256(record.sha256);
    added->set_stored(record.stored());
    added->set_worker(record.worker);
    added->set_path(record.path);
    added->set_is_last(record.is_last);
    added->set_is_best(record.is_best);
    if (record.stored()) *added->mutable_stored_time() = wire::ToProto(*record.stored_time);
  }
  return message;
}

v1::Checkpoint ToProto(const store::CheckpointRecord& checkpoint) {
  v1::Checkpoint message;
  message.set_path(checkpoint.path);
  message.set_step(checkpoint.key.step);
  message.set_bytes(checkpoint.bytes);
  message.set_sha256(checkpoint.sha256);
  message.set_attempt(checkpoint.key.attempt);
  message.set_stored(checkpoint.stored());
  return message;
}

v1::Checkpoint ToProto(const store::AssignedCheckpoint& checkpoint) {
  v1::Checkpoint message = wire::ToProto(static_cast<const spec::CheckpointEvent&>(checkpoint));
  message.set_attempt(checkpoint.attempt);
  message.set_stored(checkpoint.stored);
  return message;
}

v1::OfferCheckpointsResponse ToProto(const store::WantedCheckpoints& wanted) {
  v1::OfferCheckpointsResponse message;
  for (const core::CheckpointKey& key : wanted.wanted) {
    v1::WantedCheckpoint* added = message.add_wanted();
    added->set_step(key.step);
    added->set_attempt(key.attempt);
  }
  return message;
}

store::OfferCheckpoints FromProto(const v1::OfferCheckpointsRequest& request) {
  store::OfferCheckpoints result{.worker_id = request.worker_id(),
                                 .incarnation = request.incarnation(),
                                 .run_id = request.run_id(),
                                 .checkpoints = {}};
  for (const v1::OfferedCheckpoint& offered : request.checkpoints()) {
    result.checkpoints.push_back({.key = {offered.step(), offered.attempt()},
                                  .bytes = offered.bytes(),
                                  .sha256 = offered.sha256(),
                                  .path = offered.path()});
  }
  return result;
}

artifacts::UploadPiece FromProto(const v1::UploadCheckpointRequest& request) {
  return {.key = {request.run_id(), {request.step(), request.attempt()}},
          .bytes = request.bytes(),
          .sha256 = request.sha256(),
          .manifest = request.manifest(),
          .offset = request.offset(),
          .data = request.data(),
          .crc32c = request.crc32c(),
          .placed_file = request.placed_file()};
}

}  // namespace fp4::rpc
