#include "client/watch/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/client/support/documents.h"
#include "tests/client/support/fake_service.h"

namespace fp4::client {
namespace {

using ::testing::ElementsAre;

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() {
    service_.SetExperiment(MakeExperiment({"fp4"}));
    for (int step = 1; step <= 4; ++step) {
      service_.Add(MetricsAt("run0000a", step, step, 1.0, step));
    }
  }

  Follower MakeFollower() {
    v1::WatchRequest request;
    request.add_run_ids("run0000a");
    return Follower(
        request,
        {.connect = [this]() -> absl::StatusOr<std::unique_ptr<Connection>> {
           return std::make_unique<Connection>(service_.address());
         },
         .on_event =
             [this](const v1::Event& event) {
               cursors_.push_back(event.cursor());
               if (on_event_) on_event_(event);
             },
         .on_connection = [this](const absl::Status& status) { changes_.push_back(status.ok()); }},
        {.first_delay = absl::Milliseconds(1), .longest_delay = absl::Milliseconds(10)});
  }

  void Complete() { service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED)); }

  FakeService service_;
  std::vector<int64_t> cursors_;
  std::vector<bool> changes_;
  std::function<void(const v1::Event&)> on_event_;
};

TEST_F(FollowerTest, ABrokenStreamGoesOnAfterTheLastEvent) {
  Complete();
  service_.BreakWatchAfter(2);
  Follower follower = MakeFollower();
  ASSERT_TRUE(follower.Run().ok());
  EXPECT_THAT(cursors_, ElementsAre(101, 102, 103, 104, 105));
  EXPECT_THAT(changes_, ElementsAre(false, true));
  ASSERT_EQ(service_.watch_requests().size(), 2u);
  EXPECT_EQ(service_.watch_requests()[0].cursor(), 0);
  EXPECT_EQ(service_.watch_requests()[1].cursor(), 102);
}

TEST_F(FollowerTest, NewEventsArriveUntilTheRunHasFinished) {
  on_event_ = [this](const v1::Event& event) {
    if (event.cursor() == 104) Complete();
  };
  Follower follower = MakeFollower();
  ASSERT_TRUE(follower.Run().ok());
  EXPECT_EQ(cursors_.back(), 105);
  EXPECT_EQ(follower.cursor(), 105);
}

TEST_F(FollowerTest, StopEndsAStreamThatWaits) {
  Follower follower = MakeFollower();
  std::thread stopper;
  on_event_ = [&](const v1::Event& event) {
    if (event.cursor() == 104) stopper = std::thread([&] { follower.Stop(); });
  };
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  stopper.join();
}

TEST_F(FollowerTest, AControllerThatNeverAnsweredIsNotWaitedFor) {
  v1::WatchRequest request;
  Follower follower(request,
                    {.connect = []() -> absl::StatusOr<std::unique_ptr<Connection>> {
                       return absl::UnavailableError("none is up");
                     },
                     .on_event = [](const v1::Event&) {},
                     .on_connection = [](const absl::Status&) {}},
                    {});
  EXPECT_TRUE(absl::IsUnavailable(follower.Run()));
}

}  // namespace
}  // namespace fp4::client
