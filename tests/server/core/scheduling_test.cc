// Who gets slots beyond the order of one queue: priorities with preemption, shares and limits of
// projects, what fits, and slots that are kept for large runs.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/decide.h"
#include "server/core/queue_order.h"
#include "server/core/waiting.h"

namespace fp4::core {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kNow = absl::Hours(1);

class SchedulingTest : public ::testing::Test {
 protected:
  SchedulingTest() { state_.last_decision = kNow - absl::Seconds(1); }

  void AddWorker(const std::string& id, int num_slots, const std::string& gpu_name = "") {
    WorkerEntry& worker = state_.workers[id];
    worker.name = id;
    worker.polling = true;
    for (int i = 0; i < num_slots; ++i) {
      Slot& slot = worker.slots.emplace_back();
      slot.index = i;
      slot.kind = gpu_name.empty() ? SlotKind::kCpu : SlotKind::kGpu;
      slot.name = gpu_name;
    }
  }
  RunEntry& AddRun(const std::string& id, int64_t priority = 50, const std::string& project = "p",
                   const std::string& user = "u") {
    RunEntry& run = state_.runs[id];
    run.order = static_cast<int64_t>(state_.runs.size());
    run.experiment_order = run.order;
    run.project = project;
    run.created_by = user;
    run.resources.priority = priority;
    run.queued_since = kNow;
    return run;
  }
  RunEntry& AddLeased(const std::string& id, const std::string& worker, std::vector<int32_t> slots,
                      int64_t priority = 50, absl::Duration age = absl::Minutes(10)) {
    RunEntry& run = AddRun(id, priority);
    run.state = RunState::kRunning;
    run.attempt = 1;
    run.last_worker_id = worker;
    run.lease = Lease{.worker_id = worker,
                      .slots = std::move(slots),
                      .expires = kNow + absl::Seconds(9),
                      .since = kNow - age};
    return run;
  }
  // "run@worker:slot,slot" and "run makes room for run", in the order of the actions.
  std::string Decisions() {
    state_.index = IndexOf(state_.runs);
    std::vector<std::string> texts;
    for (const Action& action : Decide(state_, {}, kNow)) {
      if (const auto* assign = std::get_if<AssignRun>(&action)) {
        texts.push_back(absl::StrCat(assign->run_id, "@", assign->worker_id, ":",
                                     absl::StrJoin(assign->slots, ",")));
      } else if (const auto* preempt = std::get_if<PreemptRun>(&action)) {
        texts.push_back(absl::StrCat(preempt->run_id, " makes room for ", preempt->by_run_id));
      }
    }
    return absl::StrJoin(texts, "; ");
  }
  Waiting WaitOf(const std::string& id) {
    state_.index = IndexOf(state_.runs);
    return ExplainWait(state_.runs.at(id), state_, kNow);
  }

  ClusterState state_;
};

TEST_F(SchedulingTest, AMoreUrgentRunTakesTheSlotOfTheLeastUrgentOne) {
  AddWorker("w", 2);
  AddLeased("middle", "w", {0}, 40);
  AddLeased("low", "w", {1}, 10);
  AddRun("urgent", 90);
  EXPECT_EQ(Decisions(), "low makes room for urgent");
}

TEST_F(SchedulingTest, RunsOfOnePriorityDoNotChaseEachOtherAway) {
  AddWorker("w", 1);
  AddLeased("a", "w", {0}, 50);
  AddRun("b", 50);
  EXPECT_EQ(Decisions(), "");
}

TEST_F(SchedulingTest, AYoungLeaseIsSpared) {
  AddWorker("w", 2);
  AddLeased("young", "w", {0}, 10, absl::Seconds(59));
  AddRun("urgent", 90);
  AddLeased("other", "w", {1}, 90);
  EXPECT_EQ(Decisions(), "");
  state_.runs.at("young").lease->since = kNow - absl::Seconds(60);
  EXPECT_EQ(Decisions(), "young makes room for urgent");
  state_.policy.min_runtime = absl::InfiniteDuration();
  EXPECT_EQ(Decisions(), "") << "--preempt-after never";
}

TEST_F(SchedulingTest, NobodyMakesRoomWhereASlotIsFreeOrBecomesFree) {
  AddWorker("w", 3);
  AddLeased("low", "w", {0}, 10);
  AddRun("urgent", 90);
  EXPECT_EQ(Decisions(), "urgent@w:1");
  // One slot is free, one is being given up: two urgent runs need no third.
  AddLeased("stopping", "w", {1}, 10).lease->preempted = true;
  AddRun("urgent 2", 90);
  EXPECT_EQ(Decisions(), "urgent@w:2");
}

TEST_F(SchedulingTest, OfEquallyUrgentRunsTheYoungestMakesRoom) {
  AddWorker("w", 2);
  AddLeased("old", "w", {0}, 10, absl::Hours(2));
  AddLeased("new", "w", {1}, 10, absl::Minutes(5));
  AddRun("urgent", 90);
  EXPECT_EQ(Decisions(), "new makes room for urgent");
}

TEST_F(SchedulingTest, RoomForALargeRunIsMadeOnOneWorker) {
  AddWorker("w1", 2, "H100");
  AddWorker("w2", 2, "H100");
  AddLeased("a", "w1", {0}, 10);
  AddLeased("b", "w1", {1}, 60);
  AddLeased("c", "w2", {0}, 20);
  AddLeased("d", "w2", {1}, 20);
  AddRun("large", 90).resources.gpus = 2;
  EXPECT_EQ(Decisions(), "c makes room for large; d makes room for large")
      << "none of priority 60 has to";
}

TEST_F(SchedulingTest, ARunThatWouldNotHelpDoesNotMakeRoom) {
  AddWorker("cpu", 1);
  AddWorker("gpu", 1, "H100");
  AddLeased("on cpu", "cpu", {0}, 10);
  AddLeased("on gpu", "gpu", {0}, 95);
  AddRun("urgent", 90).resources.gpus = 1;
  EXPECT_EQ(Decisions(), "");
}

TEST_F(SchedulingTest, ProjectsAndThenTheirUsersGetEqualShares) {
  AddWorker("w", 4);
  for (int i = 0; i < 4; ++i) AddRun(absl::StrCat("a", i), 50, "big", "ann");
  for (int i = 0; i < 2; ++i) AddRun(absl::StrCat("b", i), 50, "big", "bob");
  AddRun("c0", 50, "small", "cid");
  EXPECT_EQ(Decisions(), "a0@w:0; c0@w:1; b0@w:2; a1@w:3")
      << "one for each project, then one for each user of the project that is left";
}

TEST_F(SchedulingTest, AProjectGetsNoMoreThanItsLimit) {
  AddWorker("w", 4);
  state_.policy.project_slots["p"] = 2;
  AddLeased("a", "w", {0});
  for (int i = 0; i < 3; ++i) AddRun(absl::StrCat("b", i));
  AddRun("other", 10, "q");
  EXPECT_EQ(Decisions(), "b0@w:1; other@w:2");
  AddLeased("c", "w", {1});
  EXPECT_EQ(WaitOf("b1").reason, wait_reason::kProjectLimit);
  EXPECT_EQ(WaitOf("b1").why, "project 'p' holds 2 of the 2 slots that it may have");
}

TEST_F(SchedulingTest, AnUrgentRunTakesNoSlotsBeyondItsProjectsLimit) {
  AddWorker("w", 1);
  state_.policy.project_slots["p"] = 1;
  AddLeased("low", "w", {0}, 10);
  AddRun("urgent", 90);
  EXPECT_EQ(Decisions(), "");
}

TEST_F(SchedulingTest, ARunGoesWhereTheGpusNameContainsWhatItAsksFor) {
  AddWorker("w1", 1, "NVIDIA A100-SXM4-80GB");
  AddWorker("w2", 1, "NVIDIA H100 80GB HBM3");
  RunEntry& run = AddRun("r");
  run.resources.gpus = 1;
  run.resources.gpu_name = "h100";
  EXPECT_EQ(Decisions(), "r@w2:0");
  run.resources.gpu_name = "B200";
  EXPECT_EQ(Decisions(), "");
  EXPECT_EQ(WaitOf("r").reason, wait_reason::kNothingFits);
  EXPECT_EQ(WaitOf("r").why, "no worker has a GPU slot of 'b200'");
}

TEST_F(SchedulingTest, SlotsAreKeptForALargeRunThatHasWaited) {
  AddWorker("w", 4, "H100");
  AddLeased("busy", "w", {0});
  RunEntry& large = AddRun("large");
  large.resources.gpus = 4;
  for (int i = 0; i < 2; ++i) AddRun(absl::StrCat("small", i), 40).resources.gpus = 1;
  EXPECT_EQ(Decisions(), "small0@w:1; small1@w:2") << "it has not waited yet";
  large.queued_since = kNow - absl::Minutes(1);
  EXPECT_EQ(Decisions(), "");
  EXPECT_THAT(WaitOf("large").why, HasSubstr("slots that become free are kept for it"));
  // Another worker's slots are not kept: small runs go on there.
  AddWorker("w2", 2, "H100");
  EXPECT_EQ(Decisions(), "small0@w2:0; small1@w2:1");
}

TEST_F(SchedulingTest, EachReasonToWaitIsToldAndCounted) {
  AddRun("r");
  EXPECT_EQ(WaitOf("r").reason, wait_reason::kNoWorker);
  AddWorker("w", 1);
  state_.workers.at("w").unfit = "its disk is full";
  EXPECT_EQ(WaitOf("r").reason, wait_reason::kWorkersUnfit);
  state_.workers.at("w").unfit = "";
  AddLeased("busy", "w", {0}, 60);
  EXPECT_EQ(WaitOf("r").reason, wait_reason::kBusy);
  AddRun("pausing").not_before = kNow + absl::Seconds(5);
  EXPECT_EQ(WaitOf("pausing").reason, wait_reason::kPausing);
  EXPECT_EQ(WaitOf("busy").reason, "") << "it is not queued";
  const std::map<std::string, int64_t> counts = CountWaiting(state_, kNow);
  EXPECT_EQ(counts.size(), std::size(kWaitReasons));
  EXPECT_EQ(counts.at("busy"), 1);
  EXPECT_EQ(counts.at("pausing"), 1);
  EXPECT_EQ(counts.at("no_worker"), 0);
}

}  // namespace
}  // namespace fp4::core
