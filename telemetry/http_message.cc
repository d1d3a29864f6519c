#include "telemetry/http_message.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fp4::telemetry {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

// Half of "20"; -1: not a digit of base 16.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<HttpFields> ReadQuery(std::string_view text) {
  HttpFields query;
  for (absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '&', absl::SkipEmpty())) {
    const std::string_view field(part.data(), part.size());
    const size_t equals = std::min(field.find('='), field.size());
    const std::string_view value = field.substr(std::min(equals + 1, field.size()));
    std::optional<std::string> name = PercentDecoded(field.substr(0, equals), true);
    std::optional<std::string> decoded = PercentDecoded(value, true);
    if (!name || !decoded) return std::nullopt;
    query.emplace_back(*std::move(name), *std::move(decoded));
  }
  return query;
}

HttpRequest Bad() {
  HttpRequest request;
  request.kind = HttpRequest::Kind::kBad;
  return request;
}

// "GET /healthz?x=1 HTTP/1.1"
HttpRequest ReadRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Bad();
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const bool is_method =
      !method.empty() && std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_method || !line.substr(last + 1).starts_with("HTTP/1.") || !target.starts_with('/')) {
    return Bad();
  }
  const size_t mark = std::min(target.find('?'), target.size());
  std::optional<std::string> path = PercentDecoded(target.substr(0, mark), false);
  std::optional<HttpFields> query = ReadQuery(target.substr(std::min(mark + 1, target.size())));
  if (!path || !query) return Bad();
  HttpRequest request;
  request.kind = HttpRequest::Kind::kOk;
  request.method = method;
  request.path = *std::move(path);
  request.query = *std::move(query);
  return request;
}

// `lines`: all after the first; one that is no header is passed over.
HttpFields ReadHeaders(std::string_view lines) {
  HttpFields headers;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(lines.data(), lines.size()), "\r\n", absl::SkipEmpty())) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                         std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return headers;
}

std::string StatusAndFields(const HttpResponse& response) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", response.status, " ", std::string(Reason(response.status)),
                   "\r\nContent-Type: ", response.content_type, "\r\n");
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  return head;
}

}  // namespace

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<std::string> PercentDecoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

HttpRequest ReadRequest(std::string_view received) {
  const size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    HttpRequest request;
    if (received.size() > kMaxHeadBytes) request.kind = HttpRequest::Kind::kBad;
    return request;
  }
  const size_t line = received.find("\r\n");
  HttpRequest request = ReadRequestLine(received.substr(0, line));
  if (line < end) request.headers = ReadHeaders(received.substr(line, end - line));
  return request;
}

std::string FormatResponse(const HttpResponse& response, bool head_only) {
  return absl::StrCat(StatusAndFields(response), "Content-Length: ", response.body.size(),
                      "\r\nConnection: close\r\n\r\n", head_only ? "" : response.body);
}

std::string FormatStreamHead(const HttpResponse& head) {
  return absl::StrCat(StatusAndFields(head), "Connection: close\r\n\r\n");
}

HttpResponse MethodNotAllowed(std::string why) {
  return {.status = 405, .body = std::move(why), .headers = {{"Allow", "GET, HEAD"}}};
}

}  // namespace fp4::telemetry
