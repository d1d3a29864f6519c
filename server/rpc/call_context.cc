#include "server/rpc/call_context.h"

namespace fp4::rpc {
namespace {

class CallContexts : public grpc::ContextAllocator {
 public:
  grpc::CallbackServerContext* NewCallbackServerContext() override { return new CallContext; }
  void Release(grpc::CallbackServerContext* context) override {
    // gRPC also hands back its own contexts, of calls that no service has, and frees them itself.
    delete dynamic_cast<CallContext*>(context);
  }
};

}  // namespace

std::unique_ptr<grpc::ContextAllocator> MakeCallContexts() {
  return std::make_unique<CallContexts>();
}

}  // namespace fp4::rpc
