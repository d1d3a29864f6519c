// What workers call (proto/fp4/v1/workers.proto).
#pragma once

#include "fp4/v1/workers.grpc.pb.h"
#include "server/artifacts/artifact_folder.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Thread-safe. Store and open calls outlive the service, the service outlives the server.
class WorkerService final : public v1::WorkerService::CallbackService {
 public:
  WorkerService(store::Store& store, artifacts::ArtifactFolder folder, OpenCalls& open_calls)
      : store_(store), folder_(std::move(folder)), open_calls_(open_calls) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* Register(Context* context, const v1::RegisterRequest* request,
                    v1::RegisterResponse* response) override;
  Reactor* Acquire(Context* context, const v1::AcquireRequest* request,
                   v1::AcquireResponse* response) override;
  Reactor* RenewLeases(Context* context, const v1::RenewLeasesRequest* request,
                       v1::RenewLeasesResponse* response) override;
  Reactor* ReportEvents(Context* context, const v1::ReportEventsRequest* request,
                        v1::ReportEventsResponse* response) override;
  Reactor* ReportExit(Context* context, const v1::ReportExitRequest* request,
                      v1::ReportExitResponse* response) override;

  store::Store& store_;
  const artifacts::ArtifactFolder folder_;
  OpenCalls& open_calls_;
};

}  // namespace fp4::rpc
