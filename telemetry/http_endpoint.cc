#include "telemetry/http_endpoint.h"

#include <httplib.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"

namespace fp4::telemetry {
namespace {

constexpr int kNumThreads = 3;
constexpr int kTimeoutSeconds = 2;

// The library's default is SO_REUSEPORT, with which a second daemon would share the port in
// silence.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

void Configure(httplib::Server& server) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kNumThreads); };
  server.set_socket_options(SetSocketOptions);
  server.set_keep_alive_max_count(1);
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_payload_max_length(4096);
}

void AddRoutes(httplib::Server& server, const MetricRegistry& registry,
               HttpEndpoint::HealthCheck health) {
  server.Get("/metrics", [&registry](const httplib::Request&, httplib::Response& response) {
    response.set_content(registry.Text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz",
             [health = std::move(health)](const httplib::Request&, httplib::Response& response) {
               const HealthReport report = health();
               response.status = report.healthy ? 200 : 503;
               response.set_content(
                   report.healthy ? "ok\n" : absl::StrCat("unhealthy: ", report.message, "\n"),
                   "text/plain; charset=utf-8");
             });
}

}  // namespace

struct HttpEndpoint::Server {
  httplib::Server http;
  std::atomic<bool> done = false;
  std::thread thread;
};

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Listen(const HostPort& address,
                                                                   const MetricRegistry& registry,
                                                                   HealthCheck health) {
  auto server = std::make_unique<Server>();
  if (!server->http.is_valid()) return absl::InternalError("the HTTP server cannot be made");
  Configure(server->http);
  AddRoutes(server->http, registry, std::move(health));
  HostPort bound = address;
  errno = 0;
  if (address.port == 0) {
    bound.port = server->http.bind_to_any_port(address.host);
  } else if (!server->http.bind_to_port(address.host, address.port)) {
    bound.port = -1;
  }
  if (bound.port < 0) {
    const char* why = errno != 0 ? strerror(errno) : "the host is not known here";
    return absl::UnavailableError(
        absl::StrCat("cannot listen on http://", address.ToString(), ": ", why));
  }
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(bound, std::move(server)));
}

HttpEndpoint::HttpEndpoint(HostPort address, std::unique_ptr<Server> server)
    : address_(std::move(address)), server_(std::move(server)) {
  server_->thread = std::thread([server = server_.get()] {
    server->http.listen_after_bind();
    server->done = true;
  });
}

HttpEndpoint::~HttpEndpoint() {
  // stop() before the loop has begun would be lost; the loop begins at once after the thread's
  // start.
  while (!server_->http.is_running() && !server_->done) std::this_thread::yield();
  server_->http.stop();
  server_->thread.join();
}

}  // namespace fp4::telemetry
