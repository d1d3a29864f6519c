// Any bytes are sent as the request of any method, with each kind of identity and without one, to a
// server in this process with its database: no crash, no hang, an answer each time, and none but
// UNAUTHENTICATED or TOO_MANY_CALLS without an identity. First byte: the method; second: who calls.
// FP4_FUZZ_METHOD ("ExperimentService/Watch") has all inputs go to that one.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.h"
#include "server/access/rules.h"
#include "tests/fuzz/callers.h"
#include "tests/server/rpc/raw_call.h"
#include "tests/server/rpc/test_server.h"
#include "wire/channel.h"
#include "wire/services.h"

namespace {

using namespace fp4;
using fuzz::Require;

class Target {
 public:
  Target() {
    SetLogThreshold(Severity::kError);
    for (const std::string& token : fuzz::MakeCallers(server_.gatekeeper())) {
      channels_.push_back(Open(token));
    }
    for (const access::Rule& rule : access::RpcRules()) {
      const char* only = std::getenv("FP4_FUZZ_METHOD");
      if (only == nullptr || rule.method == only) methods_.emplace_back(rule.method);
    }
    Require(!methods_.empty());
  }

  void Send(uint8_t method, uint8_t caller, const grpc::Slice& request) {
    const size_t who = caller % channels_.size();
    const grpc::Status status = Call(channels_[who], methods_[method % methods_.size()], request);
    // A deadline that passes is a handler that hangs.
    Require(status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED);
    if (who > 0) return;
    Require(status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
            status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  }

 private:
  std::shared_ptr<grpc::Channel> Open(const std::string& token) {
    return wire::OpenChannel(server_.address().ToString(), {.tls = {}, .token = token});
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                           const grpc::Slice& request) {
    return rpc::RawCall(channel, wire::FullMethodName(method), request);
  }

  rpc::TestServer server_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // the first without an identity
  std::vector<std::string> methods_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new Target;
  if (size < 2) return 0;
  target->Send(data[0], data[1], grpc::Slice(data + 2, size - 2));
  return 0;
}
