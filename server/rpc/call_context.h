// What is known of a call besides what gRPC knows.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/access/identity.h"
#include "server/access/rules.h"

namespace fp4::rpc {

// The context of each call of our services. Filled by the gate before its handler runs.
class CallContext : public grpc::CallbackServerContext {
 public:
  access::Caller caller;
  const access::Rule* rule = nullptr;  // null: not one of our calls
  absl::Status refusal;                // of the gate: the handler was not run
  std::string subject;                 // of the audit
};

// Has the server make CallContexts.
std::unique_ptr<grpc::ContextAllocator> MakeCallContexts();

// Of a call of our own services on a server that has MakeCallContexts.
inline CallContext& Extended(grpc::ServerContextBase& context) {
  return static_cast<CallContext&>(context);
}
// Who makes a call that the gate has let in.
inline const access::Caller& CallerOf(const grpc::CallbackServerContext& context) {
  return static_cast<const CallContext&>(context).caller;
}

}  // namespace fp4::rpc
