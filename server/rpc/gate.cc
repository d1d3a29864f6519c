#include "server/rpc/gate.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/security/auth_context.h>

#include "absl/strings/str_cat.h"
#include "server/rpc/call_context.h"
#include "server/rpc/worker_identity.h"

namespace fp4::rpc {
namespace {

using Handler = grpc::internal::MethodHandler;

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::string_view MetadataOf(const grpc::ServerContextBase& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  return found == context.client_metadata().end() ? std::string_view() : View(found->second);
}

// Of "Bearer TOKEN"; other schemes are a token that nobody knows.
std::string_view BearerOf(const grpc::ServerContextBase& context) {
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view value = MetadataOf(context, "authorization");
  if (value.starts_with(kScheme)) value.remove_prefix(kScheme.size());
  return value;
}

// The text of the field that says what a request is about.
std::string SubjectOf(const google::protobuf::Message& request, std::string_view field) {
  const auto* descriptor = request.GetDescriptor()->FindFieldByName(std::string(field));
  return descriptor == nullptr ? "" : request.GetReflection()->GetString(request, descriptor);
}

class GatedHandler : public Handler {
 public:
  GatedHandler(Handler& handler, std::string method, access::Gatekeeper& gatekeeper)
      : handler_(handler),
        method_(std::move(method)),
        rule_(access::FindRpcRule(method_)),
        gatekeeper_(gatekeeper) {}

  void* Deserialize(grpc_call* call, grpc_byte_buffer* request, grpc::Status* status,
                    void** handler_data) override {
    return handler_.Deserialize(call, request, status, handler_data);
  }

  void RunHandler(const HandlerParameter& parameter) override {
    CallContext& context = Extended(*parameter.server_context);
    context.rule = rule_;
    context.refusal = Judge(context);
    if (rule_ != nullptr && !rule_->subject.empty() && parameter.request != nullptr) {
      // Requests are messages of protobuf, which begin with their base.
      const auto* request = static_cast<const google::protobuf::Message*>(parameter.request);
      context.subject = SubjectOf(*request, rule_->subject);
    }
    if (context.refusal.ok()) return handler_.RunHandler(parameter);
    // With an error here gRPC's handler ends the call without running ours.
    handler_.RunHandler(HandlerParameter(parameter.call, parameter.server_context,
                                         parameter.request,
                                         grpc::Status(grpc::StatusCode::PERMISSION_DENIED, ""),
                                         parameter.internal_data, parameter.call_requester));
  }

 private:
  absl::Status Judge(CallContext& context) {
    if (rule_ == nullptr) {
      return access::Denied(
          absl::StrCat(method_, " is in no rule of access, and nobody may call it"));
    }
    const std::string address = context.peer();
    const std::string certificate = WorkerNameOf(*context.auth_context());
    absl::StatusOr<access::Caller> caller = gatekeeper_.Identify({.bearer = BearerOf(context),
                                                                  .certificate = certificate,
                                                                  .token_id = {},
                                                                  .address = address});
    if (!caller.ok()) {
      context.caller.address = address;
      return caller.status();
    }
    context.caller = *std::move(caller);
    if (context.caller.open) context.caller.name = std::string(MetadataOf(context, "fp4-user"));
    return access::CheckRole(*rule_, context.caller);
  }

  Handler& handler_;
  const std::string method_;
  const access::Rule* const rule_;
  access::Gatekeeper& gatekeeper_;
};

// A service's handlers are for its own kind only.
class HandlersOf : public grpc::Service {
 public:
  static Handler& Get(grpc::Service& service, int index) {
    return *(service.*&HandlersOf::GetHandler)(index);
  }
};

}  // namespace

Gate::Gate(grpc::Service& service, const google::protobuf::ServiceDescriptor& descriptor,
           access::Gatekeeper& gatekeeper) {
  for (int i = 0; i < descriptor.method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *descriptor.method(i);
    const std::string& name =
        names_.emplace_back(absl::StrCat("/", descriptor.full_name(), "/", method.name()));
    const auto type = method.server_streaming() ? grpc::internal::RpcMethod::SERVER_STREAMING
                                                : grpc::internal::RpcMethod::NORMAL_RPC;
    AddMethod(new grpc::internal::RpcServiceMethod(name.c_str(), type, nullptr));
    MarkMethodCallback(
        i, new GatedHandler(HandlersOf::Get(service, i),
                            absl::StrCat(descriptor.name(), "/", method.name()), gatekeeper));
  }
}

}  // namespace fp4::rpc
