// What operators call (proto/fp4/v1/admin.proto).
#pragma once

#include "base/clock.h"
#include "fp4/v1/admin.grpc.pb.h"
#include "server/rpc/backends.h"

namespace fp4::rpc {

// Thread-safe. What `backends` refers to and the clock outlive the service, the service outlives
// the server.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  AdminService(const Backends& backends, const Clock& clock) : backends_(backends), clock_(clock) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* DrainWorker(Context* context, const v1::DrainWorkerRequest* request,
                       v1::DrainWorkerResponse* response) override;
  Reactor* EnableWorker(Context* context, const v1::EnableWorkerRequest* request,
                        v1::EnableWorkerResponse* response) override;
  Reactor* Backup(Context* context, const v1::BackupRequest* request,
                  v1::BackupResponse* response) override;
  Reactor* Diagnose(Context* context, const v1::DiagnoseRequest* request,
                    v1::DiagnoseResponse* response) override;

  const Backends backends_;
  const Clock& clock_;
};

}  // namespace fp4::rpc
