// What every call of our services passes before its handler: who calls, and may he? A service is
// reached through its gate only, so that no handler can forget to ask.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <deque>
#include <string>

#include "server/access/gatekeeper.h"

namespace google::protobuf {
class ServiceDescriptor;
}

namespace fp4::rpc {

// Registered with the server in the place of the service. A method without a row of
// access::RpcRules is refused to everybody. Where the gate refuses, the service's handler is not
// run; the status that the call ends with is set by CallMetrics (CallContext::refusal). Needs a
// server with MakeCallContexts.
class Gate : public grpc::Service {
 public:
  // `service` has callback handlers for all methods of `descriptor`, in its order. It and the
  // gatekeeper outlive the gate, the gate outlives the server.
  Gate(grpc::Service& service, const google::protobuf::ServiceDescriptor& descriptor,
       access::Gatekeeper& gatekeeper);

 private:
  std::deque<std::string> names_;  // gRPC keeps pointers to them
};

}  // namespace fp4::rpc
