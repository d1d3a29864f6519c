// `/metrics`, `/healthz` and whatever else a daemon shows over HTTP. However many connections say
// nothing, and while metrics are collected, /healthz answers at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/host_port.h"
#include "telemetry/http_server.h"
#include "telemetry/metric_registry.h"
#include "tls/files.h"

namespace fp4::telemetry {

struct HealthReport {
  bool healthy = true;
  std::string message;  // why not; one line
};

// How an endpoint is protected.
struct HttpProtection {
  std::optional<tls::Files> tls = {};  // nothing: plain text
  // Asked before any path, /healthz too; by the rules of HttpServer::Handler. False: it has
  // answered. Null: everybody may do everything.
  std::function<bool(const HttpRequest&, HttpExchange&)> admit = nullptr;
};

// Serves from Listen until it is destroyed.
//   GET /metrics   200, Prometheus text format; collected on a thread of its own
//   GET /healthz   200 "ok", or 503 with the message
// All other paths go to `rest`. Connections are closed after one answer (http_server.h).
class HttpEndpoint {
 public:
  // Called for each `/healthz` on the thread that serves them all; must return at once and must not
  // wait for what may be stuck.
  using HealthCheck = std::function<HealthReport()>;

  // Binds `address` (port 0 picks one) and starts to serve. UNAVAILABLE when the port is taken or
  // the host cannot be bound. `registry` must outlive the endpoint. `rest`: by the rules of
  // HttpServer::Handler; null: all else is not found. Errors of `protection.tls` as of
  // tls::CheckPair.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Listen(
      const HostPort& address, const MetricRegistry& registry, HealthCheck health,
      HttpServer::Handler rest = nullptr, const HttpProtection& protection = {});
  ~HttpEndpoint();

  // With the port that was picked.
  const HostPort& address() const { return address_; }

 private:
  class MetricsThread;
  HttpEndpoint(HostPort address, std::unique_ptr<MetricsThread> metrics);

  HostPort address_;
  std::unique_ptr<MetricsThread> metrics_;
  std::unique_ptr<HttpServer> server_;  // last: ends first
};

}  // namespace fp4::telemetry
