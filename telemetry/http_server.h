// A server for short questions whose answers must come at once, whoever else is connected.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/file.h"
#include "telemetry/http_message.h"

namespace fp4::telemetry {

// One thread waits for all connections, so that one that says nothing costs nothing but its
// descriptor. A connection is answered once and closed. It is also closed after two seconds without
// a whole request, or without taking the answer, and before that when a newer one needs its place:
// then the one goes that has been silent for longest.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  struct Handlers {
    // On the thread that waits for all: must return at once. Nothing: `slow` shall answer.
    std::function<std::unique_ptr<HttpResponse>(const HttpRequest&)> quick;
    // On a thread of its own, one request after the other.
    Handler slow;
  };

  // Takes sockets that listen (ListenOn). At most `max_connections` are open at a time.
  HttpServer(std::vector<UniqueFd> sockets, int max_connections, Handlers handlers);
  // Closes what is open.
  ~HttpServer();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace fp4::telemetry
