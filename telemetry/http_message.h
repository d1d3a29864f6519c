// The little of HTTP/1.1 (RFC 9112) that probes and scrapers speak. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fp4::telemetry {

inline constexpr size_t kMaxHeadBytes = 8 << 10;

struct HttpRequest {
  enum class Kind : uint8_t {
    kIncomplete,  // more bytes must come
    kBad,         // no request, or a longer one than kMaxHeadBytes
    kOk,
  };
  Kind kind = Kind::kIncomplete;
  std::string method, path;  // the path without its query
};

// Reads the head of a request from all that has come so far. A body is not looked at.
HttpRequest ReadRequest(std::string_view received);

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = "";
};

// The bytes to send, with `Connection: close`. `head_only`: for HEAD, without the body.
std::string FormatResponse(const HttpResponse& response, bool head_only);

}  // namespace fp4::telemetry
