// The controller's page and API over a store in this process, beside the RPCs that say the same.
#pragma once

#include <httplib.h>

#include <memory>
#include <string>

#include "server/web/entrance.h"
#include "server/web/front.h"
#include "telemetry/http_endpoint.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::web {

class WebServer {
 public:
  // `clock`: by which sessions end; it outlives the server.
  explicit WebServer(const Clock& clock = SystemClock()) : clock_(clock) { Start(0); }

  rpc::TestServer& rpc() { return rpc_; }
  const HostPort& address() const { return endpoint_->address(); }
  // The controller stops and is there again, at the same port and with the same data.
  void Restart() {
    const int port = address().port;
    endpoint_.reset();
    front_.reset();
    rpc_.Restart();
    Start(port);
  }

  httplib::Client Client() const {
    httplib::Client client(address().host, address().port);
    client.set_read_timeout(60);
    return client;
  }
  httplib::Result Get(const std::string& path, const httplib::Headers& headers = {}) const {
    return Client().Get(path, headers);
  }

 private:
  void Start(int port) {
    audit_ = std::make_unique<rpc::AuditTrail>(rpc_.store(), rpc_.gatekeeper(), SystemClock());
    entrance_ = std::make_unique<Entrance>(rpc_.gatekeeper(), *audit_, clock_,
                                           std::vector<std::string>{"lab.example"}, false);
    front_ = std::make_unique<Front>(rpc_.store(), std::vector<std::string>{"lab.example"});
    endpoint_ =
        telemetry::HttpEndpoint::Listen(
            {"127.0.0.1", port}, registry_, [] { return telemetry::HealthReport{}; },
            [this](const auto& request, auto exchange) {
              front_->Handle(request, std::move(exchange));
            },
            {.tls = {},
             .admit = [this](const auto& request,
                             auto& exchange) { return entrance_->Admit(request, exchange); }})
            .value();
  }

  const Clock& clock_;
  telemetry::MetricRegistry registry_;
  rpc::TestServer rpc_;
  std::unique_ptr<rpc::AuditTrail> audit_;
  std::unique_ptr<Entrance> entrance_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<telemetry::HttpEndpoint> endpoint_;  // last: ends first
};

}  // namespace fp4::web
