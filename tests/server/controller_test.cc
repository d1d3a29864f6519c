#include "server/controller.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace fp4::server {
namespace {

using ::testing::HasSubstr;

class ControllerTest : public ::testing::Test {
 protected:
  ControllerTest() {
    options_.data_dir =
        std::filesystem::path(testing::TempDir()) / ("controller_" + RandomIds().NewId());
    options_.listen.port = options_.http.port = 0;
  }
  ~ControllerTest() override { std::filesystem::remove_all(options_.data_dir); }

  absl::StatusOr<std::unique_ptr<Controller>> Start() {
    return Controller::Start(options_, SystemClock(), RandomIds());
  }
  std::string Get(const Controller& controller, const char* path) {
    auto answer =
        httplib::Client(controller.http_address().host, controller.http_address().port).Get(path);
    return answer ? answer->body : "no answer";
  }

  Options options_;
};

TEST_F(ControllerTest, WritesItsEndpointsWhileItServes) {
  auto controller = Start();
  ASSERT_TRUE(controller.ok()) << controller.status();
  const std::filesystem::path file = options_.data_dir / "endpoints.json";
  const auto endpoints = nlohmann::json::parse(ReadFile(file).value());
  EXPECT_EQ(endpoints["pid"], getpid());
  EXPECT_EQ(endpoints["grpc"], (*controller)->grpc_address().ToString());
  EXPECT_EQ(endpoints["http"], (*controller)->http_address().ToString());
  controller->reset();
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ControllerTest, OneDirectoryHasOneController) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Start();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.status().ToString(), HasSubstr(options_.data_dir.string()));
}

TEST_F(ControllerTest, StartsAgainOnItsOwnData) {
  for (int i = 0; i < 3; ++i) {
    auto controller = Start();
    ASSERT_TRUE(controller.ok()) << controller.status();
    EXPECT_EQ(Get(**controller, "/healthz"), "ok\n");
  }
}

TEST_F(ControllerTest, ATakenHttpPortIsAnError) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  options_.data_dir += "_second";
  options_.http = (*first)->http_address();
  const auto second = Start();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(second.status().ToString(), HasSubstr(options_.http.ToString()));
}

TEST_F(ControllerTest, ExportsWhatTheDashboardShows) {
  auto controller = Start();
  ASSERT_TRUE(controller.ok()) << controller.status();
  const std::string text = Get(**controller, "/metrics");
  for (const char* sample :
       {"fp4_controller_runs{state=\"queued\"} 0\n", "fp4_controller_runs{state=\"failed\"} 0\n",
        "fp4_controller_workers{connected=\"true\"} 0\n", "fp4_controller_slots{kind=\"gpu\"} 0\n",
        "fp4_controller_slots_busy{kind=\"cpu\"} 0\n", "fp4_controller_points_total 0\n",
        "fp4_controller_queue_wait_seconds_count 0\n",
        "fp4_controller_commit_duration_seconds_count",
        "fp4_controller_scheduling_duration_seconds_count", "fp4_controller_store_size_bytes ",
        "fp4_controller_leases_expired_total 0\n", "process_resident_memory_bytes "}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

}  // namespace
}  // namespace fp4::server
