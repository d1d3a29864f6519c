// One HTTP request to another program's server, such as MLflow's.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace fp4::client {

struct HttpRequest {
  std::string method;  // GET, POST or PUT
  std::string path;    // below the server's address, from "/" on
  std::string body = {};
  std::string content_type = "application/json";
};

struct HttpResponse {
  int status = 0;
  std::string body;
};

// UNAVAILABLE where no answer came; an answer of any status is a response.
using HttpCall = std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)>;

// Sent with each request: a bearer token, else a name with a password, else nothing.
struct HttpCredentials {
  std::string token = {}, username = {}, password = {};
};

// Calls of the server at `url`: http:// or https://, a host, perhaps a port and a path that stands
// before all others. Certificates are checked by the system's authorities; redirections are not
// followed. Calls one after the other use one connection; not thread-safe.
// INVALID_ARGUMENT: no such address.
absl::StatusOr<HttpCall> ConnectHttp(const std::string& url, const HttpCredentials& credentials);

}  // namespace fp4::client
