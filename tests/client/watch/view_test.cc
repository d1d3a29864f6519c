#include "client/watch/view.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/client/support/documents.h"
#include "tests/support/fake_clock.h"

namespace fp4::client {
namespace {

class WatchViewTest : public ::testing::Test {
 protected:
  WatchViewTest() {
    setenv("TZ", "UTC", 1);
    const v1::Experiment experiment = MakeExperiment({"fp4"});
    board_ = Board("demo", {experiment.runs().begin(), experiment.runs().end()});
  }

  void Show(WatchView& view, const v1::Event& event) {
    board_.Apply(event);
    view.OnEvent(board_, event);
  }

  testing::FakeClock clock_;  // 2026-01-02T03:04:05Z
  std::ostringstream out_, err_;
  std::istringstream in_;
  Context context_{.out = out_,
                   .err = err_,
                   .in = in_,
                   .terminal = {},
                   .controller = {},
                   .state_folder = {},
                   .binary_folder = {}};
  Board board_{"", {}};
};

TEST_F(WatchViewTest, PipedItPrintsLines) {
  auto view = MakeWatchView(context_, clock_);
  Show(*view, StateTo("run0000a", v1::RUN_STATE_RUNNING));
  Show(*view, MetricsAt("run0000a", 2, 10, 3.5, 0));
  Show(*view, MetricsAt("run0000a", 3, 20, 2.5, 5));
  EXPECT_EQ(out_.str(),
            "03:04:05  fp4 seed 1  running\n"
            "03:04:05  fp4 seed 1  step 10/40  loss 3.5000\n"
            "03:04:10  fp4 seed 1  step 20/40  loss 2.5000  10s left\n");
}

TEST_F(WatchViewTest, WhatIsNotOfTodayHasItsDate) {
  clock_.Advance(absl::Hours(24));
  auto view = MakeWatchView(context_, clock_);
  Show(*view, StateTo("run0000a", v1::RUN_STATE_RUNNING));
  Show(*view, FrozenLayer("run0000a", 1, "lm_head"));
  view->Tick(board_, clock_.Now());
  EXPECT_EQ(out_.str(),
            "2026-01-02 03:04:05  fp4 seed 1  running\n"
            "2026-01-02 03:04:06  fp4 seed 1  frozen_layer (error) in lm_head: has not changed\n");
}

TEST_F(WatchViewTest, SwitchOfPrecisionIsALineWithItsNumbers) {
  auto view = MakeWatchView(context_, clock_);
  v1::Event event = StateTo("run0000a", v1::RUN_STATE_RUNNING);
  v1::PrecisionSwitch& switched = *event.mutable_precision_switch();
  switched.set_step(7);
  switched.set_layer("blocks.0.mlp.up");
  switched.set_to("high");
  switched.set_error(0.125);
  switched.set_error_above(0.1);
  Show(*view, event);
  EXPECT_EQ(out_.str(),
            "03:04:05  fp4 seed 1  precision: blocks.0.mlp.up goes to high precision after step 7: "
            "mean error 0.125 (bound 0.1)\n");
}

TEST_F(WatchViewTest, WhyRunsWaitIsToldOnceForEachReason) {
  auto view = MakeWatchView(context_, clock_);
  for (const char* why : {"the next attempt starts in 4s", "the next attempt starts in 1s"}) {
    board_.SetWaiting("run0000a", why);
    view->Tick(board_, clock_.Now());
  }
  EXPECT_EQ(err_.str(), "1 run waits: the next attempt starts in 4s\n");
  Show(*view, StateTo("run0000a", v1::RUN_STATE_RUNNING));
  board_.SetWaiting("run0000a", "no worker is connected");
  view->Tick(board_, clock_.Now());
  EXPECT_EQ(err_.str(), "1 run waits: the next attempt starts in 4s\n");
}

TEST_F(WatchViewTest, FindingsInARowBecomeOneLine) {
  auto view = MakeWatchView(context_, clock_);
  for (const char* layer : {"blocks.0.mlp.up", "blocks.1.mlp.up"}) {
    Show(*view, FrozenLayer("run0000a", 1, layer));
  }
  EXPECT_EQ(out_.str(), "");
  Show(*view, StateTo("run0000a", v1::RUN_STATE_COMPLETED));
  EXPECT_EQ(out_.str(),
            "03:04:06  fp4 seed 1  frozen_layer (error) in blocks.{0..1}.mlp.up: no gradient "
            "arrives and not a bit has changed\n"
            "03:04:05  fp4 seed 1  completed\n");
}

TEST_F(WatchViewTest, ATerminalIsDrawnOver) {
  context_.terminal = {
      .interactive = true, .color = false, .unicode = true, .width = 80, .height = 24};
  auto view = MakeWatchView(context_, clock_);
  view->Tick(board_, absl::UnixEpoch());
  const size_t first = out_.str().size();
  view->Tick(board_, absl::UnixEpoch());
  // Title, header, one run: three lines up, and again.
  EXPECT_EQ(out_.str().substr(first, 4), "\x1b[3A");
}

TEST_F(WatchViewTest, JsonKeepsNoticesOutOfTheEvents) {
  context_.json = true;
  auto view = MakeWatchView(context_, clock_);
  view->OnNotice(board_, "connection lost");
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "connection lost\n");
}

}  // namespace
}  // namespace fp4::client
