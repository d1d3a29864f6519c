#include "client/http/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

namespace fp4::client {
namespace {

using testing::HasSubstr;

// Says on any path what it was asked, until the test ends.
class EchoServer {
 public:
  EchoServer() {
    const auto echo = [](const httplib::Request& request, httplib::Response& response) {
      response.status = request.path == "/refused" ? 418 : 200;
      response.set_content(request.method + " " + request.path + " " +
                               request.get_header_value("Authorization") + " " + request.body,
                           "text/plain");
    };
    server_.Get(".*", echo).Post(".*", echo).Put(".*", echo);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~EchoServer() {
    server_.stop();
    thread_.join();
  }

  std::string Url(const std::string& path = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

std::string Answer(const std::string& url, const HttpCredentials& credentials,
                   const HttpRequest& request) {
  const absl::StatusOr<HttpCall> call = ConnectHttp(url, credentials);
  if (!call.ok()) return call.status().ToString();
  const absl::StatusOr<HttpResponse> response = (*call)(request);
  return response.ok() ? std::to_string(response->status) + " " + response->body
                       : response.status().ToString();
}

TEST(ConnectHttpTest, RequestsGoBelowTheAddressWithTheCredentials) {
  const EchoServer server;
  EXPECT_EQ(Answer(server.Url(), {}, {.method = "GET", .path = "/a?b=c"}), "200 GET /a  ");
  EXPECT_EQ(
      Answer(server.Url("/team/"), {.token = "t0"}, {.method = "POST", .path = "/a", .body = "x"}),
      "200 POST /team/a Bearer t0 x");
  EXPECT_EQ(Answer(server.Url(), {.username = "u", .password = "p"},
                   {.method = "PUT", .path = "/a", .body = "y", .content_type = "text/plain"}),
            "200 PUT /a Basic dTpw y");
}

TEST(ConnectHttpTest, AnAnswerOfAnyStatusIsAResponse) {
  const EchoServer server;
  EXPECT_EQ(Answer(server.Url(), {}, {.method = "GET", .path = "/refused"}), "418 GET /refused  ");
}

TEST(ConnectHttpTest, NobodyThereIsSaidWithTheAddress) {
  std::string url;
  { url = EchoServer().Url(); }
  EXPECT_THAT(Answer(url, {}, {.method = "GET", .path = "/"}), HasSubstr(url + ": no answer"));
}

TEST(ConnectHttpTest, WhatIsNoAddressIsRefusedWithItsText) {
  for (const char* url : {"", "mlflow", "127.0.0.1:5000", "ftp://host", "http://", "http:///path",
                          "http://user@host", "http://host/?a=b", "http://host name"}) {
    const absl::Status refused = ConnectHttp(url, {}).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(std::string("'") + url + "'"));
  }
}

}  // namespace
}  // namespace fp4::client
