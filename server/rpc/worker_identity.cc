#include "server/rpc/worker_identity.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include "tls/worker_uri.h"

namespace fp4::rpc {

std::string WorkerNameOf(const grpc::AuthContext& context) {
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    std::string name = tls::WorkerNameOfUri({uri.data(), uri.size()});
    if (!name.empty()) return name;
  }
  return "";
}

}  // namespace fp4::rpc
