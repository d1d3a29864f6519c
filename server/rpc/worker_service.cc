#include "server/rpc/worker_service.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/rpc/acquire.h"
#include "server/rpc/call_context.h"
#include "server/rpc/convert_worker.h"
#include "server/rpc/finish.h"
#include "wire/protocol.h"

namespace fp4::rpc {
namespace {

absl::Status CheckProtocol(const v1::RegisterRequest& request) {
  if (request.protocol_version() == wire::kProtocolVersion) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition, reason::kProtocolVersion,
      absl::StrCat("the worker speaks protocol version ", request.protocol_version(),
                   ", this controller ", wire::kProtocolVersion,
                   "; install the same release on both"));
}

absl::StatusOr<store::RegisterWorker> ReadRegistration(const v1::RegisterRequest& request) {
  FP4_RETURN_IF_ERROR(CheckProtocol(request));
  return FromProto(request);
}

}  // namespace

grpc::ServerUnaryReactor* WorkerService::Register(Context* context,
                                                  const v1::RegisterRequest* request,
                                                  v1::RegisterResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  absl::StatusOr<store::RegisterWorker> worker = ReadRegistration(*request);
  if (!worker.ok()) {
    reactor->Finish(wire::ToGrpcStatus(worker.status()));
    return reactor;
  }
  worker->caller = CallerOf(*context).WorkerOwner();
  store_.Register(*std::move(worker),
                  [=, this](const absl::StatusOr<store::RegisteredWorker>& reply) {
                    if (reply.ok()) {
                      *response = ToProto(*reply);
                      response->set_artifact_folder(folder_.path().string());
                      response->set_artifact_token(folder_.token());
                    }
                    reactor->Finish(wire::ToGrpcStatus(reply.status()));
                  });
  return reactor;
}

grpc::ServerUnaryReactor* WorkerService::Acquire(Context* context,
                                                 const v1::AcquireRequest* request,
                                                 v1::AcquireResponse* response) {
  absl::StatusOr<store::AcquireWork> work = FromProto(*request, SystemClock().Now());
  if (work.ok()) {
    work->caller = CallerOf(*context).WorkerOwner();
    return StartAcquire(store_, open_calls_, *std::move(work), response);
  }
  Reactor* reactor = context->DefaultReactor();
  reactor->Finish(wire::ToGrpcStatus(work.status()));
  return reactor;
}

grpc::ServerUnaryReactor* WorkerService::RenewLeases(Context* context,
                                                     const v1::RenewLeasesRequest* request,
                                                     v1::RenewLeasesResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store::RenewLeases renewal = FromProto(*request);
  renewal.caller = CallerOf(*context).WorkerOwner();
  store_.Renew(std::move(renewal), [=](const absl::StatusOr<store::RenewedLeases>& reply) {
    FinishConverted(reactor, reply, response);
  });
  return reactor;
}

grpc::ServerUnaryReactor* WorkerService::ReportEvents(Context* context,
                                                      const v1::ReportEventsRequest* request,
                                                      v1::ReportEventsResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  absl::StatusOr<store::ReportEvents> report = FromProto(*request);
  if (!report.ok()) {
    reactor->Finish(wire::ToGrpcStatus(report.status()));
    return reactor;
  }
  report->caller = CallerOf(*context).WorkerOwner();
  store_.Report(*std::move(report), [=](const absl::StatusOr<store::ReportedEvents>& reply) {
    if (reply.ok()) response->set_next_seq(reply->next_seq);
    reactor->Finish(wire::ToGrpcStatus(reply.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* WorkerService::ReportExit(Context* context,
                                                    const v1::ReportExitRequest* request,
                                                    v1::ReportExitResponse*) {
  Reactor* reactor = context->DefaultReactor();
  absl::StatusOr<store::ReportExit> report = FromProto(*request);
  if (!report.ok()) {
    reactor->Finish(wire::ToGrpcStatus(report.status()));
    return reactor;
  }
  report->caller = CallerOf(*context).WorkerOwner();
  store_.Exit(*std::move(report), [=](const absl::StatusOr<store::Nothing>& reply) {
    reactor->Finish(wire::ToGrpcStatus(reply.status()));
  });
  return reactor;
}

}  // namespace fp4::rpc
