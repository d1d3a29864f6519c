// The controller's HTTP API (docs/http-api.md): the JSON of `fp4ctl … -o json`, read only.
#pragma once

#include <memory>

#include "server/store/store.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"

namespace fp4::web {

// Thread-safe. The store outlives it.
class Api {
 public:
  explicit Api(store::Store& store);
  // Waits until all that is being answered is answered; streams must have ended (their server is
  // gone).
  ~Api();

  // Of a path below /api/. Returns at once. 404 for a path that is not there.
  void Handle(const telemetry::HttpRequest& request,
              std::shared_ptr<telemetry::HttpExchange> exchange);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fp4::web
