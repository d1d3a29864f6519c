#include "server/rpc/call_metrics.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "server/rpc/call_context.h"
#include "wire/services.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;

constexpr char kOtherMethod[] = "other";

prometheus::Counter& CallCounter(telemetry::MetricRegistry& registry, const std::string& method,
                                 grpc::StatusCode code) {
  return registry.Counter("fp4_controller_rpc_calls_total",
                          "Calls that have ended, by method and code.",
                          {{"method", method}, {"code", CodeName(code)}});
}

class CallMetrics : public grpc::experimental::Interceptor {
 public:
  // `context` is null for what is none of our calls.
  CallMetrics(std::string method, CallContext* context, telemetry::MetricRegistry& registry,
              const Clock& clock, AuditTrail& audit)
      : method_(std::move(method)),
        context_(context),
        registry_(registry),
        clock_(clock),
        audit_(audit),
        start_(clock.SinceBoot()) {
    InFlight().Increment();
  }
  ~CallMetrics() override { InFlight().Decrement(); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      if (context_ != nullptr && !context_->refusal.ok()) {
        batch->ModifySendStatus(wire::ToGrpcStatus(context_->refusal));
      } else if (IsUnparsed(batch->GetSendStatus())) {
        batch->ModifySendStatus(UnparsedRequest());
      }
      const grpc::Status status = batch->GetSendStatus();
      if (context_ != nullptr) audit_.NoteCall(method_, *context_, wire::FromGrpcStatus(status));
      Count(status.error_code());
    }
    batch->Proceed();
  }

 private:
  // gRPC's answer when a request of a method that there is cannot be read. Our handlers always say
  // why.
  bool IsUnparsed(const grpc::Status& status) const {
    return method_ != kOtherMethod && status.error_code() == grpc::StatusCode::UNIMPLEMENTED &&
           status.error_message().empty();
  }

  grpc::Status UnparsedRequest() const {
    return wire::ToGrpcStatus(ErrorWithReason(
        absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
        absl::StrCat("the request is not the message that ", method_,
                     " takes: bytes that are no protobuf, or text that is not UTF-8")));
  }

  prometheus::Gauge& InFlight() {
    return registry_.Gauge("fp4_controller_rpc_in_flight", "Calls that have not ended.",
                           {{"method", method_}});
  }

  void Count(grpc::StatusCode code) {
    CallCounter(registry_, method_, code).Increment();
    registry_
        .Histogram("fp4_controller_rpc_duration_seconds",
                   "From the arrival of a call to its status; a stream: its whole life.",
                   telemetry::LatencyBounds(), {{"method", method_}})
        .Observe(absl::ToDoubleSeconds(clock_.SinceBoot() - start_));
  }

  const std::string method_;
  CallContext* const context_;
  telemetry::MetricRegistry& registry_;
  const Clock& clock_;
  AuditTrail& audit_;
  const absl::Duration start_;
};

}  // namespace

CallMetricsFactory::CallMetricsFactory(telemetry::MetricRegistry& registry, const Clock& clock,
                                       AuditTrail& audit)
    : registry_(registry), clock_(clock), audit_(audit) {
  for (const std::string& method : wire::MethodNames()) {
    methods_.emplace(wire::FullMethodName(method), method);
    CallCounter(registry, method, grpc::StatusCode::OK);
  }
}

grpc::experimental::Interceptor* CallMetricsFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  const auto found = methods_.find(info->method());
  const bool known = found != methods_.end();
  CallContext* context = known ? &Extended(*info->server_context()) : nullptr;
  return new CallMetrics(known ? found->second : kOtherMethod, context, registry_, clock_, audit_);
}

std::string CodeName(grpc::StatusCode code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

}  // namespace fp4::rpc
