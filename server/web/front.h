// The one place that every request for the page and its API passes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/web/api.h"
#include "server/web/site.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"

namespace fp4::web {

// Refuses what another site may have made a browser ask (allowed_host.h), sends the rest to the
// page's files or to the API. Thread-safe.
class Front {
 public:
  // `host_names`: what this machine is called besides its addresses and "localhost".
  Front(store::Store& store, std::vector<std::string> host_names);

  // By the rules of telemetry::HttpServer::Handler.
  void Handle(const telemetry::HttpRequest& request,
              std::shared_ptr<telemetry::HttpExchange> exchange);

 private:
  const std::vector<std::string> host_names_;
  const Site site_;
  Api api_;
};

}  // namespace fp4::web
