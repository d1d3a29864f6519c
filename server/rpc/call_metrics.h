// The interceptor that every call passes: counts and times it, and says of a request that cannot be
// read what is wrong (INVALID_ARGUMENT), which gRPC answers with an empty UNIMPLEMENTED. It also
// gives a refused call (gate.h) its status, and the audit what it keeps.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "grpcpp/support/server_interceptor.h"
#include "server/rpc/audit_trail.h"
#include "telemetry/metric_registry.h"

namespace fp4::rpc {

// fp4_controller_rpc_calls_total{method, code}, fp4_controller_rpc_duration_seconds{method} (a
// stream: its whole life) and fp4_controller_rpc_in_flight{method}. `method` is "Service/Method" of
// our own services, else "other".
class CallMetricsFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // All must outlive the server.
  CallMetricsFactory(telemetry::MetricRegistry& registry, const Clock& clock, AuditTrail& audit);

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  telemetry::MetricRegistry& registry_;
  const Clock& clock_;
  AuditTrail& audit_;
  std::map<std::string, std::string> methods_;  // the name to gRPC, and in metrics
};

// "OK", "INVALID_ARGUMENT", …
std::string CodeName(grpc::StatusCode code);

}  // namespace fp4::rpc
