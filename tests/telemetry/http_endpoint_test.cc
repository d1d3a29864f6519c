#include "telemetry/http_endpoint.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <atomic>
#include <vector>

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
    return httplib::Client(endpoint.address().host, endpoint.address().port);
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

TEST_F(HttpEndpointTest, StopsRightAfterTheStart) {
  for (int i = 0; i < 20; ++i) Listen();
}

}  // namespace
}  // namespace fp4::telemetry
