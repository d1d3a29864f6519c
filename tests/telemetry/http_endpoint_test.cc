#include "telemetry/http_endpoint.h"

#include <gmock/gmock.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"

namespace fp4::telemetry {
namespace {

using ::testing::HasSubstr;

class HttpEndpointTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpEndpoint> Listen(int port = 0) {
    auto endpoint = HttpEndpoint::Listen({"127.0.0.1", port}, registry_, [this] {
      return HealthReport{healthy_, "the writer has not answered for 12 s"};
    });
    EXPECT_TRUE(endpoint.ok()) << endpoint.status();
    return *std::move(endpoint);
  }
  httplib::Client ClientOf(const HttpEndpoint& endpoint) {
    httplib::Client client(endpoint.address().host, endpoint.address().port);
    client.set_read_timeout(60);
    return client;
  }

  MetricRegistry registry_;
  std::atomic<bool> healthy_ = true;
};

TEST_F(HttpEndpointTest, ServesMetrics) {
  registry_.Gauge("fp4_worker_slots", "Slots.").Set(4);
  auto endpoint = Listen();
  auto answer = ClientOf(*endpoint).Get("/metrics");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(answer->body, HasSubstr("fp4_worker_slots 4\n"));
  EXPECT_THAT(answer->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST_F(HttpEndpointTest, HealthFollowsTheCheck) {
  auto endpoint = Listen();
  EXPECT_EQ(ClientOf(*endpoint).Get("/healthz")->status, 200);
  healthy_ = false;
  auto answer = ClientOf(*endpoint).Get("/healthz");
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "unhealthy: the writer has not answered for 12 s\n");
}

TEST_F(HttpEndpointTest, OtherPathsAreNotFound) {
  auto endpoint = Listen();
  EXPECT_EQ(ClientOf(*endpoint).Get("/")->status, 404);
}

TEST_F(HttpEndpointTest, ATakenPortIsAnError) {
  auto first = Listen();
  auto second = HttpEndpoint::Listen(first->address(), registry_, [] { return HealthReport{}; });
  ASSERT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(second.status().ToString(),
              HasSubstr("cannot listen on http://" + first->address().ToString() +
                        ": Address already in use"));
}

TEST_F(HttpEndpointTest, AnUnknownHostIsAnError) {
  auto endpoint =
      HttpEndpoint::Listen({"203.0.113.7", 0}, registry_, [] { return HealthReport{}; });
  EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kUnavailable) << endpoint.status();
}

TEST_F(HttpEndpointTest, IdleKeepAliveClientsDoNotStarveTheNextOne) {
  auto endpoint = Listen();
  std::vector<std::unique_ptr<httplib::Client>> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(
        std::make_unique<httplib::Client>(endpoint->address().host, endpoint->address().port));
    idle.back()->set_keep_alive(true);
    ASSERT_TRUE(idle.back()->Get("/healthz"));
  }
  EXPECT_EQ(ClientOf(*endpoint).Get("/healthz")->status, 200);
}

// A connection from 127.0.0.`from` that says `text` and nothing more.
UniqueFd Connect(const HostPort& address, std::string_view text = "", uint32_t from = 1) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(address.port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + from);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  EXPECT_TRUE(WriteAll(fd.get(), text, "socket").ok());
  return fd;
}

TEST_F(HttpEndpointTest, AnswersAtOnceWhateverOthersHoldOpen) {
  auto endpoint = Listen();
  std::vector<UniqueFd> idle;
  for (const char* text : {"", "G", "GET /healthz HTTP/1.1\r\nHost: a\r\n", "\r\n"}) {
    for (int i = 0; i < 100; ++i) idle.push_back(Connect(endpoint->address(), text));
    const absl::Duration start = SystemClock().SinceBoot();
    auto answer = ClientOf(*endpoint).Get("/healthz");
    ASSERT_TRUE(answer) << "beside those that say '" << text << "'";
    EXPECT_EQ(answer->body, "ok\n");
    EXPECT_LT(SystemClock().SinceBoot() - start, absl::Seconds(1));  // of 2 for each idle one
  }
}

TEST_F(HttpEndpointTest, WhoTakesAllPlacesOnlyTakesHisOwn) {
  auto endpoint = Listen();
  const UniqueFd slow = Connect(endpoint->address(), "GET /healthz HTTP/1.1\r\n");
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(Connect(endpoint->address(), "", 2));
  ASSERT_TRUE(WriteAll(slow.get(), "\r\n", "socket").ok());
  std::string answer(4096, 0);
  answer.resize(static_cast<size_t>(std::max<ssize_t>(read(slow.get(), answer.data(), 4096), 0)));
  EXPECT_THAT(answer, HasSubstr("200 OK"));
}

TEST_F(HttpEndpointTest, HealthDoesNotWaitForMetrics) {
  std::promise<void> asked, go_on;
  registry_.OnCollect([&] {
    asked.set_value();
    go_on.get_future().wait();
  });
  auto endpoint = Listen();
  std::thread scraper([&] { EXPECT_EQ(ClientOf(*endpoint).Get("/metrics")->status, 200); });
  asked.get_future().wait();
  EXPECT_EQ(ClientOf(*endpoint).Get("/healthz")->body, "ok\n");
  go_on.set_value();
  scraper.join();
}

TEST_F(HttpEndpointTest, ScrapersThatDoNotTakeTheirAnswerHoldUpNobody) {
  const std::string long_help(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) {
    registry_.Gauge("fp4_worker_gauge_" + std::to_string(i), long_help);
  }
  auto endpoint = Listen();
  std::vector<UniqueFd> stuck;
  for (int i = 0; i < 3; ++i) {
    stuck.push_back(Connect(endpoint->address(), "GET /metrics HTTP/1.1\r\n\r\n"));
  }
  EXPECT_EQ(ClientOf(*endpoint).Get("/healthz")->body, "ok\n");
  EXPECT_GT(ClientOf(*endpoint).Get("/metrics")->body.size(), 8u << 20);
}

TEST_F(HttpEndpointTest, SilentConnectionsAreClosed) {
  auto endpoint = Listen();
  const UniqueFd idle = Connect(endpoint->address(), "GET /healthz");
  char byte = 0;
  EXPECT_EQ(read(idle.get(), &byte, 1), 0);  // waits until the other side closes
}

TEST_F(HttpEndpointTest, ACallerMayCloseItsSideAtOnce) {
  auto endpoint = Listen();
  const UniqueFd fd = Connect(endpoint->address(), "GET /healthz HTTP/1.0\r\n\r\n");
  shutdown(fd.get(), SHUT_WR);
  std::string answer(4096, 0);
  answer.resize(static_cast<size_t>(std::max<ssize_t>(read(fd.get(), answer.data(), 4096), 0)));
  EXPECT_THAT(answer, HasSubstr("200 OK"));
}

TEST_F(HttpEndpointTest, OtherMethodsAndNonsenseAreRefused) {
  auto endpoint = Listen();
  EXPECT_EQ(ClientOf(*endpoint).Post("/healthz", "x", "text/plain")->status, 405);
  auto head = ClientOf(*endpoint).Head("/healthz");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  const UniqueFd fd = Connect(endpoint->address(), "\x16\x03\x01 hello\r\n\r\n");
  std::string answer(4096, 0);
  answer.resize(static_cast<size_t>(std::max<ssize_t>(read(fd.get(), answer.data(), 4096), 0)));
  EXPECT_THAT(answer, HasSubstr("400 Bad Request"));
}

TEST_F(HttpEndpointTest, StopsRightAfterTheStart) {
  for (int i = 0; i < 20; ++i) Listen();
}

}  // namespace
}  // namespace fp4::telemetry
