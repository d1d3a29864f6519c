#include "client/http/call.h"

#include <httplib.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fp4::client {
namespace {

constexpr int kConnectSeconds = 10, kAnswerSeconds = 120;

struct Place {
  std::string server;  // "https://host:5000"
  std::string prefix;  // "" or "/team/mlflow"
};

absl::StatusOr<Place> ParseUrl(const std::string& url) {
  const size_t scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
  const size_t host = scheme_end + 3;
  if ((scheme != "http" && scheme != "https") || host >= url.size() || url[host] == '/' ||
      url.find_first_of("?#@ \t\r\n") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", url, "' is not http://HOST:PORT or https://HOST:PORT"));
  }
  const size_t path = url.find('/', host);
  if (path == std::string::npos) return Place{.server = url, .prefix = ""};
  std::string prefix = url.substr(path);
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  return Place{.server = url.substr(0, path), .prefix = std::move(prefix)};
}

httplib::Result Send(httplib::Client& client, const std::string& path, const HttpRequest& request) {
  if (request.method == "GET") return client.Get(path);
  if (request.method == "PUT") return client.Put(path, request.body, request.content_type);
  return client.Post(path, request.body, request.content_type);
}

}  // namespace

absl::StatusOr<HttpCall> ConnectHttp(const std::string& url, const HttpCredentials& credentials) {
  absl::StatusOr<Place> place = ParseUrl(url);
  if (!place.ok()) return place.status();
  const auto client = std::make_shared<httplib::Client>(place->server);
  if (!client->is_valid()) {
    return absl::InvalidArgumentError(absl::StrCat("'", url, "' is no address of a server"));
  }
  client->set_connection_timeout(kConnectSeconds);
  client->set_read_timeout(kAnswerSeconds);
  client->set_write_timeout(kAnswerSeconds);
  client->set_keep_alive(true);
  if (!credentials.token.empty()) {
    client->set_bearer_token_auth(credentials.token);
  } else if (!credentials.username.empty()) {
    client->set_basic_auth(credentials.username, credentials.password);
  }
  return [client,
          place = *std::move(place)](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
    const httplib::Result result = Send(*client, place.prefix + request.path, request);
    if (result) return HttpResponse{.status = result->status, .body = result->body};
    return absl::UnavailableError(
        absl::StrCat(place.server, ": no answer (", httplib::to_string(result.error()), ")"));
  };
}

}  // namespace fp4::client
