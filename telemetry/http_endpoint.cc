#include "telemetry/http_endpoint.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/listen.h"
#include "base/status_macros.h"
#include "telemetry/http_server.h"

namespace fp4::telemetry {
namespace {

// So that those who only hold connections leave descriptors for the daemon's work.
int MaxConnections() { return std::clamp(DescriptorLimit() / 8, 8, 256); }

HttpResponse ToResponse(const HealthReport& report) {
  if (report.healthy) return {.body = "ok\n"};
  return {.status = 503, .body = absl::StrCat("unhealthy: ", report.message, "\n")};
}

HttpServer::Handlers MakeHandlers(const MetricRegistry& registry,
                                  HttpEndpoint::HealthCheck health) {
  return {.quick = [health = std::move(health)](
                       const HttpRequest& request) -> std::unique_ptr<HttpResponse> {
            if (request.path == "/metrics") return nullptr;
            if (request.path != "/healthz") {
              return std::make_unique<HttpResponse>(
                  HttpResponse{.status = 404, .body = "there are /healthz and /metrics\n"});
            }
            return std::make_unique<HttpResponse>(ToResponse(health()));
          },
          .slow =
              [&registry](const HttpRequest&) {
                return HttpResponse{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                    .body = registry.Text()};
              }};
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Listen(const HostPort& address,
                                                                   const MetricRegistry& registry,
                                                                   HealthCheck health) {
  HostPort bound = address;
  absl::StatusOr<std::vector<UniqueFd>> sockets = ListenOn(bound);
  if (!sockets.ok()) {
    return absl::UnavailableError(absl::StrCat("cannot listen on http://", address.ToString(), ": ",
                                               sockets.status().message()));
  }
  auto server = std::make_unique<HttpServer>(*std::move(sockets), MaxConnections(),
                                             MakeHandlers(registry, std::move(health)));
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(bound, std::move(server)));
}

HttpEndpoint::HttpEndpoint(HostPort address, std::unique_ptr<HttpServer> server)
    : address_(std::move(address)), server_(std::move(server)) {}

HttpEndpoint::~HttpEndpoint() = default;

}  // namespace fp4::telemetry
