#include "client/top/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/text.h"

namespace fp4::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Run MakeRun(const std::string& id, v1::RunState state, int64_t step) {
  v1::Run run;
  run.set_id(id);
  run.set_experiment_name("demo");
  run.set_variant("fp4");
  run.set_seed(1);
  run.set_state(state);
  run.set_step(step);
  run.set_total_steps(100);
  v1::Value& speed = *run.add_latest();
  speed.set_name("train/tokens_per_second");
  speed.set_value(1500);
  return run;
}

TopSnapshot MakeSnapshot(int num_running) {
  TopSnapshot snapshot{.address = "127.0.0.1:4404",
                       .time = absl::UnixEpoch(),
                       .active = {},
                       .failed = {},
                       .workers = {},
                       .num_queued = 7};
  for (int i = 0; i < num_running; ++i) {
    snapshot.active.push_back(MakeRun(absl::StrCat("run", i), v1::RUN_STATE_RUNNING, 50));
  }
  v1::Worker& worker = *snapshot.workers.add_workers();
  worker.set_name("host:1a2b");
  worker.set_connected(true);
  worker.add_slots()->set_run_id("run0");
  worker.add_slots();
  return snapshot;
}

std::string Text(const TopSnapshot& snapshot, const TopView& view, const Layout& layout = {}) {
  return absl::StrJoin(RenderTop(snapshot, Paces(), view, layout), "\n");
}

TEST(RenderTopTest, SumsSlotsAndThroughput) {
  const std::string text = Text(MakeSnapshot(2), {});
  EXPECT_THAT(text, HasSubstr("2 runs active, 7 queued, 1 of 2 slots busy, 3.00k tokens/s"));
  EXPECT_THAT(text, HasSubstr("host:1a2b  run0 1 free"));
}

TEST(RenderTopTest, AWorkerThatIsAwayHasNoSlots) {
  TopSnapshot snapshot = MakeSnapshot(0);
  snapshot.workers.mutable_workers(0)->set_connected(false);
  const std::string text = Text(snapshot, {});
  EXPECT_THAT(text, HasSubstr("host:1a2b  away"));
  EXPECT_THAT(text, HasSubstr("0 of 0 slots busy"));
}

TEST(RenderTopTest, NothingIsWiderOrHigherThanTheScreen) {
  TopSnapshot snapshot = MakeSnapshot(60);
  for (v1::Run& run : snapshot.active) {
    run.set_experiment_name(std::string(90, 'x'));
    v1::Health& health = *run.add_health();
    health.set_code("anomaly");
    health.set_message(std::string(300, 'y'));
  }
  for (const int width : {40, 80, 200}) {
    for (const int height : {1, 2, 5, 10, 24, 100}) {
      const TopView view{.height = height, .scroll = 3, .notice = "lost", .keys = true};
      const std::vector<std::string> lines =
          RenderTop(snapshot, Paces(), view, {.width = width, .color = false, .unicode = true});
      EXPECT_LE(lines.size(), height) << width;
      for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(RenderTopTest, ScrollingShowsEveryRunAndStopsAtTheLast) {
  const TopSnapshot snapshot = MakeSnapshot(40);
  const Layout layout{.width = 100};
  EXPECT_THAT(Text(snapshot, {.height = 20}, layout), HasSubstr("run0 "));
  EXPECT_THAT(Text(snapshot, {.height = 20, .scroll = 5}, layout), HasSubstr("5 above"));
  const std::string end = Text(snapshot, {.height = 20, .scroll = 1000}, layout);
  EXPECT_THAT(end, HasSubstr("run39"));
  EXPECT_THAT(end, HasSubstr("0 below"));
}

TEST(RenderTopTest, SaysWhenNothingRunsAndWhatFailed) {
  TopSnapshot snapshot = MakeSnapshot(0);
  snapshot.failed.push_back(MakeRun("runbad", v1::RUN_STATE_FAILED, 3));
  snapshot.failed[0].set_message("the loss\x1b[2J is NaN");
  const std::string text = Text(snapshot, {.notice = "no answer"});
  EXPECT_THAT(text, HasSubstr("No run is active."));
  EXPECT_THAT(text, HasSubstr("failed: runbad (fp4 seed 1 of demo): the loss?[2J is NaN"));
  EXPECT_THAT(text, HasSubstr("no answer"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(PacesTest, TheTimeLeftIsKnownFromTheSecondStepOn) {
  Paces paces;
  TopSnapshot snapshot = MakeSnapshot(1);
  paces.Add(snapshot);
  EXPECT_FALSE(paces.TimeLeft(snapshot.active[0]).has_value());
  snapshot.time += absl::Seconds(10);
  snapshot.active[0].set_step(60);
  paces.Add(snapshot);
  EXPECT_EQ(paces.TimeLeft(snapshot.active[0]), absl::Seconds(40));
}

TEST(PacesTest, ARunThatResumedEarlierHasANewPace) {
  Paces paces;
  TopSnapshot snapshot = MakeSnapshot(1);
  for (const int step : {50, 60, 20}) {
    snapshot.time += absl::Seconds(10);
    snapshot.active[0].set_step(step);
    paces.Add(snapshot);
  }
  EXPECT_FALSE(paces.TimeLeft(snapshot.active[0]).has_value());
}

TEST(PacesTest, OnlyTheLastMinuteCounts) {
  Paces paces;
  TopSnapshot snapshot = MakeSnapshot(1);
  for (int second = 0; second <= 200; second += 10) {
    snapshot.time = absl::UnixEpoch() + absl::Seconds(second);
    // One step a second from the hundredth second on, slow before.
    snapshot.active[0].set_step(second < 100 ? second / 10 : second - 90);
    snapshot.active[0].set_total_steps(210);
    paces.Add(snapshot);
  }
  EXPECT_EQ(paces.TimeLeft(snapshot.active[0]), absl::Seconds(100));
}

}  // namespace
}  // namespace fp4::client
