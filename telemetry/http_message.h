// The little of HTTP/1.1 (RFC 9112) that probes, scrapers and browsers' readings speak. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fp4::telemetry {

inline constexpr size_t kMaxHeadBytes = 16 << 10;

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  enum class Kind : uint8_t {
    kIncomplete,  // more bytes must come
    kBad,         // no request, or a longer one than kMaxHeadBytes
    kOk,
  };
  Kind kind = Kind::kIncomplete;
  std::string method;
  std::string path;     // decoded, without its query
  HttpFields query;     // decoded, in their order; a name may come again
  HttpFields headers;   // names in lower case
  std::string address;  // of the other end, with its port

  // The header's value; empty where there is none.
  std::string_view Header(std::string_view name) const;
};

// Reads the head of a request from all that has come so far. A body is not looked at. A path or
// query whose percent signs are not followed by two digits, or with a zero byte, is kBad.
HttpRequest ReadRequest(std::string_view received);

// "a%20b" as "a b"; `plus_is_space`: of a query. Nothing where it is broken.
std::optional<std::string> PercentDecoded(std::string_view text, bool plus_is_space);

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = "";
  HttpFields headers = {};  // more of them
};

// 405 to what is neither GET nor HEAD, with `why` as its text.
HttpResponse MethodNotAllowed(std::string why);

// The bytes to send, with `Connection: close`. `head_only`: for HEAD, without the body.
std::string FormatResponse(const HttpResponse& response, bool head_only);

// The head of an answer that ends with its connection: it has no length.
std::string FormatStreamHead(const HttpResponse& head);

}  // namespace fp4::telemetry
