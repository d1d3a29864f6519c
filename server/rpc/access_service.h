// Who may call, and who has called (proto/fp4/v1/access.proto).
#pragma once

#include "fp4/v1/access.grpc.pb.h"
#include "server/rpc/audit_trail.h"
#include "server/rpc/backends.h"

namespace fp4::rpc {

// Thread-safe. What it is given outlives the service, the service outlives the server.
class AccessService final : public v1::AccessService::CallbackService {
 public:
  AccessService(const Backends& backends, AuditTrail& audit)
      : store_(backends.store), gatekeeper_(backends.gatekeeper), audit_(audit) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* WhoAmI(Context* context, const v1::WhoAmIRequest* request,
                  v1::WhoAmIResponse* response) override;
  Reactor* CreateToken(Context* context, const v1::CreateTokenRequest* request,
                       v1::CreateTokenResponse* response) override;
  Reactor* ListTokens(Context* context, const v1::ListTokensRequest* request,
                      v1::ListTokensResponse* response) override;
  Reactor* RevokeToken(Context* context, const v1::RevokeTokenRequest* request,
                       v1::RevokeTokenResponse* response) override;
  Reactor* ListAudit(Context* context, const v1::ListAuditRequest* request,
                     v1::ListAuditResponse* response) override;

  store::Store& store_;
  access::Gatekeeper& gatekeeper_;
  AuditTrail& audit_;
};

}  // namespace fp4::rpc
