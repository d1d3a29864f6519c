#include "telemetry/http_message.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fp4::telemetry {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

// "GET /healthz?x=1 HTTP/1.1"
HttpRequest ReadRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  HttpRequest bad{.kind = HttpRequest::Kind::kBad, .method = "", .path = ""};
  if (first == std::string_view::npos || first == last) return bad;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const bool is_method =
      !method.empty() && std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_method || !line.substr(last + 1).starts_with("HTTP/1.") || !target.starts_with('/')) {
    return bad;
  }
  return {.kind = HttpRequest::Kind::kOk,
          .method = std::string(method),
          .path = std::string(target.substr(0, target.find('?')))};
}

}  // namespace

HttpRequest ReadRequest(std::string_view received) {
  const size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    HttpRequest request;
    if (received.size() > kMaxHeadBytes) request.kind = HttpRequest::Kind::kBad;
    return request;
  }
  return ReadRequestLine(received.substr(0, received.find("\r\n")));
}

std::string FormatResponse(const HttpResponse& response, bool head_only) {
  return absl::StrCat("HTTP/1.1 ", response.status, " ", std::string(Reason(response.status)),
                      "\r\nContent-Type: ", response.content_type,
                      "\r\nContent-Length: ", response.body.size(), "\r\nConnection: close\r\n\r\n",
                      head_only ? "" : response.body);
}

}  // namespace fp4::telemetry
