#include "telemetry/http_endpoint.h"

#include <algorithm>
#include <deque>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/listen.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace fp4::telemetry {
namespace {

constexpr size_t kMaxWaitingScrapes = 32;

// So that those who only hold connections leave descriptors for the daemon's work.
int MaxConnections() { return std::clamp(DescriptorLimit() / 8, 8, 256); }

HttpResponse ToResponse(const HealthReport& report) {
  if (report.healthy) return {.body = "ok\n"};
  return {.status = 503, .body = absl::StrCat("unhealthy: ", report.message, "\n")};
}

}  // namespace

// One scrape after the other.
class HttpEndpoint::MetricsThread {
 public:
  explicit MetricsThread(const MetricRegistry& registry)
      : registry_(registry), thread_([this] { Serve(); }) {}

  ~MetricsThread() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }

  void Ask(std::shared_ptr<HttpExchange> exchange) {
    {
      MutexLock lock(mutex_);
      if (waiting_.size() < kMaxWaitingScrapes) {
        waiting_.push_back(std::move(exchange));
        changed_.NotifyAll();
        return;
      }
    }
    exchange->Answer({.status = 503, .body = "too many requests\n"});
  }

 private:
  void Serve() {
    while (true) {
      std::shared_ptr<HttpExchange> next;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !stopping_) changed_.Wait(lock);
        if (stopping_) return;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      next->Answer(
          {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = registry_.Text()});
    }
  }

  const MetricRegistry& registry_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::shared_ptr<HttpExchange>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Listen(
    const HostPort& address, const MetricRegistry& registry, HealthCheck health,
    HttpServer::Handler rest, const HttpProtection& protection) {
  std::unique_ptr<tls::ServerIdentity> identity;
  if (protection.tls) {
    FP4_ASSIGN_OR_RETURN(identity, tls::LoadServerIdentity(*protection.tls));
  }
  HostPort bound = address;
  absl::StatusOr<std::vector<UniqueFd>> sockets = ListenOn(bound);
  if (!sockets.ok()) {
    return absl::UnavailableError(absl::StrCat("cannot listen on http://", address.ToString(), ": ",
                                               sockets.status().message()));
  }
  std::unique_ptr<HttpEndpoint> endpoint(
      new HttpEndpoint(bound, std::make_unique<MetricsThread>(registry)));
  auto handler = [metrics = endpoint->metrics_.get(), health = std::move(health),
                  rest = std::move(rest), admit = protection.admit](
                     const HttpRequest& request, std::shared_ptr<HttpExchange> exchange) {
    if (admit && !admit(request, *exchange)) return;
    if (request.method == "POST") {
      exchange->Answer(MethodNotAllowed("only GET and HEAD: nothing is changed here\n"));
    } else if (request.path == "/healthz") {
      exchange->Answer(ToResponse(health()));
    } else if (request.path == "/metrics") {
      metrics->Ask(std::move(exchange));
    } else if (rest) {
      rest(request, std::move(exchange));
    } else {
      exchange->Answer({.status = 404, .body = "there are /healthz and /metrics\n"});
    }
  };
  endpoint->server_ = std::make_unique<HttpServer>(*std::move(sockets), std::move(identity),
                                                   MaxConnections(), std::move(handler));
  return endpoint;
}

HttpEndpoint::HttpEndpoint(HostPort address, std::unique_ptr<MetricsThread> metrics)
    : address_(std::move(address)), metrics_(std::move(metrics)) {}

HttpEndpoint::~HttpEndpoint() = default;

}  // namespace fp4::telemetry
