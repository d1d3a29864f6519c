// A server for short questions: whoever else is connected, each is looked at as soon as it comes.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/file.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"
#include "tls/server_session.h"

namespace fp4::telemetry {

// One thread waits for all connections, so that one that says nothing, or reads slowly, costs
// nothing but its descriptor and what it has not taken yet. A connection is answered once and
// closed. It is also closed after two seconds without a whole request, after ten without taking a
// byte of its answer, and before that when a newer one needs its place: then the one goes that has
// been silent for longest, of the network that holds the most (base/peer.h).
class HttpServer {
 public:
  // Called on that thread for each request that is GET, HEAD or POST, none of which has a body:
  // must return at once. The exchange is answered there, or later and elsewhere.
  using Handler = std::function<void(const HttpRequest&, std::shared_ptr<HttpExchange>)>;

  // Takes sockets that listen (ListenOn). `identity`: of the encryption; null: plain text. At most
  // `max_connections` are open at a time.
  HttpServer(std::vector<UniqueFd> sockets, std::unique_ptr<tls::ServerIdentity> identity,
             int max_connections, Handler handler);
  // Closes what is open; `gone` of each stream has been called then, and nothing is called any
  // more. An exchange that somebody still holds answers nobody.
  ~HttpServer();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace fp4::telemetry
