#include "server/rpc/checkpoint_service.h"

#include "server/rpc/convert_checkpoint.h"
#include "server/rpc/download.h"
#include "server/rpc/finish.h"

namespace fp4::rpc {

grpc::ServerUnaryReactor* CheckpointService::ListCheckpoints(
    Context* context, const v1::ListCheckpointsRequest* request,
    v1::ListCheckpointsResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store_.Read([=](store::Reader& reader) {
    FinishConverted(reactor, reader.ListCheckpoints(request->run_id()), response);
  });
  return reactor;
}

grpc::ServerWriteReactor<v1::DownloadCheckpointResponse>* CheckpointService::DownloadCheckpoint(
    Context*, const v1::DownloadCheckpointRequest* request) {
  return StartDownload({store_, artifacts_, open_calls_}, *request);
}

grpc::ServerUnaryReactor* CheckpointService::OfferCheckpoints(
    Context* context, const v1::OfferCheckpointsRequest* request,
    v1::OfferCheckpointsResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store_.Offer(FromProto(*request), [=](const absl::StatusOr<store::WantedCheckpoints>& wanted) {
    FinishConverted(reactor, wanted, response);
  });
  return reactor;
}

grpc::ServerUnaryReactor* CheckpointService::UploadCheckpoint(
    Context* context, const v1::UploadCheckpointRequest* request,
    v1::UploadCheckpointResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  artifacts_.Upload(FromProto(*request),
                    [=](const absl::StatusOr<artifacts::UploadProgress>& progress) {
                      if (progress.ok()) {
                        response->set_next_offset(progress->next_offset);
                        response->set_stored(progress->stored);
                      }
                      reactor->Finish(wire::ToGrpcStatus(progress.status()));
                    });
  return reactor;
}

}  // namespace fp4::rpc
