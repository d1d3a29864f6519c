#include "telemetry/http_message.h"

#include <gtest/gtest.h>

namespace fp4::telemetry {
namespace {

using Kind = HttpRequest::Kind;

TEST(ReadRequest, TellsWhatIsAskedFor) {
  struct Case {
    std::string received;
    Kind kind;
    std::string method = "", path = "";
  };
  const Case cases[] = {
      {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", Kind::kOk, "GET", "/healthz"},
      {"GET /metrics?format=x HTTP/1.0\r\n\r\n", Kind::kOk, "GET", "/metrics"},
      {"HEAD / HTTP/1.1\r\n\r\nbody", Kind::kOk, "HEAD", "/"},
      {"", Kind::kIncomplete},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\n", Kind::kIncomplete},
      {"GET /healthz\r\n\r\n", Kind::kBad},
      {"get /healthz HTTP/1.1\r\n\r\n", Kind::kBad},
      {"GET healthz HTTP/1.1\r\n\r\n", Kind::kBad},
      {"GET /healthz SPDY/3\r\n\r\n", Kind::kBad},
      {"\r\n\r\n", Kind::kBad},
      {"GET /a%20b/%E2%82%AC?x HTTP/1.1\r\n\r\n", Kind::kOk, "GET", "/a b/€"},
      {"GET /a%2 HTTP/1.1\r\n\r\n", Kind::kBad},
      {"GET /a%zz HTTP/1.1\r\n\r\n", Kind::kBad},
      {"GET /a%00 HTTP/1.1\r\n\r\n", Kind::kBad},
      {"GET /?x=%f HTTP/1.1\r\n\r\n", Kind::kBad},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::kBad},
      {std::string(kMaxHeadBytes + 1, 'x'), Kind::kBad},
  };
  for (const Case& one : cases) {
    const HttpRequest request = ReadRequest(one.received);
    EXPECT_EQ(request.kind, one.kind) << one.received;
    EXPECT_EQ(request.method, one.method) << one.received;
    EXPECT_EQ(request.path, one.path) << one.received;
  }
}

TEST(ReadRequest, DecodesTheQueryAndKeepsHeadersByTheirLowerNames) {
  const HttpRequest request = ReadRequest(
      "GET /m?name=train%2Floss&name=a+b&all&empty= HTTP/1.1\r\nHost: a:1\r\nLast-Event-ID:  7 \r\n"
      "nonsense\r\n\r\n");
  const HttpFields query = {{"name", "train/loss"}, {"name", "a b"}, {"all", ""}, {"empty", ""}};
  EXPECT_EQ(request.query, query);
  EXPECT_EQ(request.Header("host"), "a:1");
  EXPECT_EQ(request.Header("last-event-id"), "7");
  EXPECT_EQ(request.Header("cookie"), "");
}

TEST(FormatResponse, HasALengthAndCloses) {
  const HttpResponse response{.status = 503, .body = "unhealthy\n"};
  EXPECT_EQ(FormatResponse(response, false),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 10\r\nConnection: close\r\n\r\nunhealthy\n");
  EXPECT_TRUE(FormatResponse(response, true).ends_with("close\r\n\r\n"));
}

TEST(FormatStreamHead, HasItsHeadersAndNoLength) {
  EXPECT_EQ(
      FormatStreamHead({.content_type = "text/event-stream", .headers = {{"A", "b"}}}),
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nA: b\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace fp4::telemetry
