// `/metrics` and `/healthz` of a daemon, on threads of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/host_port.h"
#include "telemetry/metric_registry.h"

namespace fp4::telemetry {

struct HealthReport {
  bool healthy = true;
  std::string message;  // why not; one line
};

// Serves from Listen until it is destroyed.
//   GET /metrics   200, Prometheus text format
//   GET /healthz   200 "ok", or 503 with the message
// Connections are closed after one answer and after two seconds of silence, so that idle clients
// hold no thread.
class HttpEndpoint {
 public:
  // Called on an HTTP thread for each `/healthz`; must return quickly and must not wait for what
  // may be stuck.
  using HealthCheck = std::function<HealthReport()>;

  // Binds `address` (port 0 picks one) and starts to serve. UNAVAILABLE when the port is taken or
  // the host cannot be bound. `registry` must outlive the endpoint.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Listen(const HostPort& address,
                                                              const MetricRegistry& registry,
                                                              HealthCheck health);
  ~HttpEndpoint();

  // With the port that was picked.
  const HostPort& address() const { return address_; }

 private:
  struct Server;
  HttpEndpoint(HostPort address, std::unique_ptr<Server> server);

  HostPort address_;
  std::unique_ptr<Server> server_;
};

}  // namespace fp4::telemetry
