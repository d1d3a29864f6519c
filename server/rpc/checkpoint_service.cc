#include "server/rpc/checkpoint_service.h"

#include "absl/strings/str_cat.h"
#include "server/rpc/call_context.h"
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
    Context* context, const v1::DownloadCheckpointRequest* request) {
  const access::Caller& caller = CallerOf(*context);
  const bool is_worker = !caller.open && caller.role == access::Role::kWorker;
  return StartDownload({store_, artifacts_, open_calls_, is_worker ? caller.name : ""}, *request);
}

grpc::ServerUnaryReactor* CheckpointService::OfferCheckpoints(
    Context* context, const v1::OfferCheckpointsRequest* request,
    v1::OfferCheckpointsResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store::OfferCheckpoints offer = FromProto(*request);
  offer.caller = CallerOf(*context).WorkerOwner();
  store_.Offer(std::move(offer), [=](const absl::StatusOr<store::WantedCheckpoints>& wanted) {
    FinishConverted(reactor, wanted, response);
  });
  return reactor;
}

void CheckpointService::TakePiece(Reactor* reactor, const v1::UploadCheckpointRequest& request,
                                  v1::UploadCheckpointResponse* response) {
  artifacts_.Upload(FromProto(request),
                    [=](const absl::StatusOr<artifacts::UploadProgress>& progress) {
                      if (progress.ok()) {
                        response->set_next_offset(progress->next_offset);
                        response->set_stored(progress->stored);
                      }
                      reactor->Finish(wire::ToGrpcStatus(progress.status()));
                    });
}

grpc::ServerUnaryReactor* CheckpointService::UploadCheckpoint(
    Context* context, const v1::UploadCheckpointRequest* request,
    v1::UploadCheckpointResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  const std::string owner = CallerOf(*context).WorkerOwner();
  if (owner.empty()) {
    TakePiece(reactor, *request, response);
    return reactor;
  }
  store_.Read([=, this](store::Reader& reader) {
    const absl::StatusOr<bool> own =
        reader.HasAttemptOf(owner, request->run_id(), request->worker_id(), /*ever=*/true);
    if (own.ok() && *own) return TakePiece(reactor, *request, response);
    reactor->Finish(wire::ToGrpcStatus(
        own.ok() ? access::Denied(absl::StrCat("run '", request->run_id(),
                                               "' has never been on worker '", request->worker_id(),
                                               "' of the identity '", owner, "'"))
                 : own.status()));
  });
  return reactor;
}

}  // namespace fp4::rpc
