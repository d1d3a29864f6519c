#include "server/core/queue_order.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace fp4::core {
namespace {

constexpr absl::Duration kNow = absl::Hours(1);

class ListQueueTest : public ::testing::Test {
 protected:
  RunEntry& AddRun(const std::string& id, int64_t experiment, int64_t priority = 50) {
    RunEntry& run = state_.runs[id];
    run.experiment_order = experiment;
    run.order = static_cast<int64_t>(state_.runs.size());
    run.resources.priority = priority;
    return run;
  }
  QueuePage List(int64_t after = 0, int64_t limit = 100) {
    state_.index = IndexOf(state_.runs);
    return ListQueue(state_, kNow, after, limit);
  }
  // "1:run 2:run …"
  std::string Positions(int64_t after = 0, int64_t limit = 100) {
    std::string text;
    for (const QueuedRun& run : List(after, limit).runs) {
      absl::StrAppend(&text, text.empty() ? "" : " ", run.position, ":", run.run_id);
    }
    return text;
  }

  ClusterState state_;
};

TEST_F(ListQueueTest, AnEmptyQueueIsEmpty) {
  EXPECT_TRUE(List().runs.empty());
  EXPECT_EQ(List().num_queued, 0);
}

TEST_F(ListQueueTest, PriorityThenExperimentsInTurnThenAge) {
  AddRun("a1", 1);
  AddRun("a2", 1);
  AddRun("a3", 1);
  AddRun("b1", 2);
  AddRun("c1", 3, 90);
  EXPECT_EQ(Positions(), "1:c1 2:a1 3:b1 4:a2 5:a3");
}

TEST_F(ListQueueTest, AnExperimentThatHoldsASlotComesAfterOneThatHoldsNone) {
  RunEntry& running = AddRun("a0", 1);
  running.state = RunState::kRunning;
  running.lease = Lease{.worker_id = "w", .slots = {0}, .expires = kNow + absl::Seconds(9)};
  AddRun("a1", 1);
  AddRun("b1", 2);
  EXPECT_EQ(Positions(), "1:b1 2:a1");
}

TEST_F(ListQueueTest, PausingRunsComeLastTheSoonestFirst) {
  AddRun("late", 1).not_before = kNow + absl::Seconds(20);
  AddRun("soon", 2).not_before = kNow + absl::Seconds(5);
  AddRun("ready", 3, 10);
  EXPECT_EQ(Positions(), "1:ready 2:soon 3:late");
  EXPECT_EQ(List().runs[1].why, "the next attempt starts in 5s");
}

TEST_F(ListQueueTest, PagesGoOnWhereTheLastOneEnded) {
  for (int i = 0; i < 5; ++i) AddRun(absl::StrCat("r", i), 1);
  EXPECT_EQ(Positions(0, 2), "1:r0 2:r1");
  EXPECT_EQ(Positions(2, 2), "3:r2 4:r3");
  EXPECT_EQ(Positions(4, 2), "5:r4");
  EXPECT_EQ(Positions(5, 2), "");
  EXPECT_EQ(List(4, 2).num_queued, 5);
}

TEST_F(ListQueueTest, SaysWhyARunWaitsAndWhatItNeeds) {
  AddRun("cpu", 1).resources.cpu_threads = 2;
  RunEntry& any = AddRun("any", 2);
  any.resources.gpus_auto = true;
  any.resources.min_gpu_memory_gib = 80;
  const QueuePage page = List();
  EXPECT_EQ(page.runs[0].why, "no worker is connected");
  EXPECT_EQ(page.runs[0].needs, "a CPU slot with 2 CPU threads");
  EXPECT_EQ(page.runs[1].needs, "a GPU slot with 80 GiB or a CPU slot");
}

}  // namespace
}  // namespace fp4::core
