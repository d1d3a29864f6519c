#include "server/core/decide.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/core/placement.h"
#include "server/core/waiting.h"

namespace fp4::core {
namespace {

constexpr absl::Duration kNow = absl::Hours(1);

Slot MakeSlot(int32_t index, SlotKind kind, int64_t gib = 80) {
  return {.index = index, .kind = kind, .device = "", .name = "", .memory_bytes = gib << 30};
}

class DecideTest : public ::testing::Test {
 protected:
  DecideTest() { state_.last_decision = kNow - absl::Seconds(1); }

  void AddWorker(const std::string& id, std::vector<Slot> slots, bool polling = true) {
    state_.workers[id] = {.name = id,
                          .host = "",
                          .version = "",
                          .incarnation = "",
                          .slots = std::move(slots),
                          .polling = polling};
  }
  RunEntry& AddRun(const std::string& id, int64_t experiment, int64_t priority = 50) {
    RunEntry& run = state_.runs[id];
    run.experiment_order = experiment;
    run.experiment_id = absl::StrCat("e", experiment);
    run.order = static_cast<int64_t>(state_.runs.size());
    run.resources.priority = priority;
    return run;
  }
  RunEntry& AddLeased(const std::string& id, int64_t experiment, const std::string& worker,
                      int32_t slot, absl::Duration expires = kNow + absl::Seconds(9)) {
    RunEntry& run = AddRun(id, experiment);
    run.state = RunState::kRunning;
    run.attempt = 1;
    run.max_restarts = 3;
    run.lease = Lease{.worker_id = worker, .slots = {slot}, .expires = expires};
    return run;
  }
  // As the run's last attempt ended: on `worker`, through the worker's fault.
  static void Avoid(RunEntry& run, const std::string& worker, absl::Duration until) {
    run.last_worker_id = worker;
    run.avoided[worker] = until;
  }
  // "run@worker:slot,slot …", in the order of the actions; "expire run", "extend".
  std::string Decisions(absl::Duration now = kNow) {
    state_.index = IndexOf(state_.runs);
    std::vector<std::string> texts;
    for (const Action& action : Decide(state_, {}, now)) {
      if (const auto* assign = std::get_if<AssignRun>(&action)) {
        texts.push_back(absl::StrCat(assign->run_id, "@", assign->worker_id, ":",
                                     absl::StrJoin(assign->slots, ",")));
      } else if (const auto* expire = std::get_if<ExpireLease>(&action)) {
        texts.push_back("expire " + expire->run_id);
      } else {
        texts.push_back("extend");
      }
    }
    return absl::StrJoin(texts, " ");
  }

  ClusterState state_;
};

TEST_F(DecideTest, HigherPriorityGoesFirst) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu)});
  AddRun("a", 1, 10);
  AddRun("b", 2, 90);
  AddRun("c", 3, 50);
  EXPECT_EQ(Decisions(), "b@w:0 c@w:1");
}

TEST_F(DecideTest, EqualsShareByExperimentThenByAge) {
  AddWorker(
      "w", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu), MakeSlot(2, SlotKind::kCpu)});
  AddRun("a1", 1);
  AddRun("a2", 1);
  AddRun("b1", 2);
  EXPECT_EQ(Decisions(), "a1@w:0 b1@w:1 a2@w:2");
}

TEST_F(DecideTest, AnExperimentThatHoldsLeasesComesAfterOneThatHoldsNone) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu)});
  AddLeased("a1", 1, "w", 0);
  AddRun("a2", 1);
  AddRun("b1", 2);
  EXPECT_EQ(Decisions(), "b1@w:1");
}

TEST_F(DecideTest, ALeasedSlotIsNotFreeEvenWhenItsLeaseExpiresNow) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)});
  AddLeased("a", 1, "w", 0, kNow);
  AddRun("b", 2);
  EXPECT_EQ(Decisions(), "expire a");
}

TEST_F(DecideTest, AfterAnAbsenceLeasesAreExtendedInsteadOfEnded) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)});
  AddLeased("a", 1, "w", 0, kNow - absl::Hours(1));
  state_.last_decision = kNow - absl::Seconds(6);
  EXPECT_EQ(Decisions(), "extend");
  state_.last_decision = kNow - absl::Seconds(5);
  EXPECT_EQ(Decisions(), "expire a");
}

TEST_F(DecideTest, AWorkerThatDoesNotWaitGetsNothing) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)}, /*polling=*/false);
  AddRun("a", 1);
  EXPECT_EQ(Decisions(), "");
}

TEST_F(DecideTest, ARunThatPausesIsPassedOver) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)});
  AddRun("a", 1).not_before = kNow + absl::Seconds(1);
  AddRun("b", 1);
  EXPECT_EQ(Decisions(), "b@w:0");
  EXPECT_EQ(Decisions(kNow + absl::Seconds(1)), "a@w:0");
}

TEST_F(DecideTest, ARunThatNothingFitsHoldsBackNobody) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)});
  AddRun("gpu", 1, 90).resources.gpus = 1;
  AddRun("cpu", 2, 10);
  EXPECT_EQ(Decisions(), "cpu@w:0");
}

struct PlacementRow {
  const char* what;
  bool gpus_auto;
  int64_t gpus;
  double min_gib;
  std::string last_worker, placed;
};

// Worker c: two CPU slots; g: two GPUs of 24 GiB and one of 80 GiB.
const PlacementRow kPlacements[] = {
    {"a CPU slot", false, 0, 0, "", "c:0"},
    {"a GPU", false, 1, 0, "", "g:0"},
    {"a large GPU", false, 1, 40, "", "g:2"},
    {"one that is too large", false, 1, 100, "", ""},
    {"three GPUs", false, 3, 0, "", "g:0,1,2"},
    {"four GPUs", false, 4, 0, "", ""},
    {"auto prefers a GPU", true, 0, 0, "", "g:0"},
    {"auto falls back to a CPU", true, 0, 100, "", "c:0"},
    {"the last worker is preferred", false, 0, 0, "d", "d:5"},
};

TEST_F(DecideTest, AWorkerThatSaysItIsUnfitGetsNothing) {
  AddWorker("full", {MakeSlot(0, SlotKind::kCpu)});
  state_.workers["full"].unfit = "/w has 3 MiB left";
  RunEntry& run = AddRun("a", 1);
  EXPECT_EQ(Decisions(), "");
  EXPECT_EQ(ExplainWait(run, state_, kNow).why,
            "no connected worker takes work: full: /w has 3 MiB left");
  state_.workers["full"].unfit.clear();
  EXPECT_EQ(Decisions(), "a@full:0");
}

TEST_F(DecideTest, ARunGoesElsewhereFirstAfterItsWorkerFailedIt) {
  AddWorker("bad", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu)});
  AddWorker("good", {MakeSlot(0, SlotKind::kCpu)});
  Avoid(AddRun("a", 1), "bad", kNow + absl::Seconds(30));
  EXPECT_EQ(Decisions(), "a@good:0");
}

TEST_F(DecideTest, ARunWaitsForABusyWorkerRatherThanGoBackToTheOneThatFailedItForSomeTime) {
  AddWorker("bad", {MakeSlot(0, SlotKind::kCpu)});
  AddWorker("good", {MakeSlot(0, SlotKind::kCpu)});
  AddLeased("busy", 1, "good", 0, kNow + absl::Hours(1));
  Avoid(AddRun("a", 1), "bad", kNow + absl::Seconds(30));
  EXPECT_EQ(Decisions(), "");
  state_.last_decision = kNow + absl::Seconds(30);
  EXPECT_EQ(Decisions(kNow + absl::Seconds(31)), "a@bad:0");
}

TEST_F(DecideTest, WhereNoOtherWorkerFitsARunGoesBackToTheOneThatFailedIt) {
  AddWorker("bad", {MakeSlot(0, SlotKind::kCpu)});
  AddWorker("gpus", {MakeSlot(0, SlotKind::kGpu)});
  AddWorker("away", {MakeSlot(0, SlotKind::kCpu)}, /*polling=*/false);
  AddWorker("broken", {MakeSlot(0, SlotKind::kCpu)});
  state_.workers["broken"].unfit = "it is";
  Avoid(AddRun("a", 1), "bad", kNow + absl::Seconds(30));
  EXPECT_EQ(Decisions(), "a@bad:0");
}

TEST_F(DecideTest, AWorkerOnProbationGetsOneRunAtATime) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu)});
  WorkerStanding& standing = state_.workers["w"].standing;
  standing.paused_until = kNow + absl::Seconds(8);
  standing.num_bad_ends = 4;
  standing.last = "trainer_crashed: exit status 1";
  RunEntry& run = AddRun("a", 1);
  AddRun("b", 1);
  EXPECT_EQ(Decisions(), "");
  EXPECT_EQ(ExplainWait(run, state_, kNow).why,
            "no connected worker takes work: w: gets no work for 8s: 4 attempts in a row failed "
            "here; the last: trainer_crashed: exit status 1");
  state_.last_decision = kNow + absl::Seconds(8);
  EXPECT_EQ(Decisions(kNow + absl::Seconds(9)), "a@w:0");
  NoteProgress(standing);
  EXPECT_EQ(Decisions(kNow + absl::Seconds(9)), "a@w:0 b@w:1");
}

TEST_F(DecideTest, ASlotHasTheThreadsThatTheDocumentAsksFor) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)});
  state_.workers["w"].slots[0].cpu_threads = 2;
  RunEntry& run = AddRun("a", 1);
  run.resources.cpu_threads = 512;
  EXPECT_EQ(Decisions(), "");
  EXPECT_EQ(ExplainWait(run, state_, kNow).why, "no worker has a CPU slot with 512 CPU threads");
  run.resources.cpu_threads = 2;
  EXPECT_EQ(Decisions(), "a@w:0");
}

TEST(PlaceRunTest, EveryDemand) {
  const FreeSlots free = {{"c", {MakeSlot(0, SlotKind::kCpu), MakeSlot(1, SlotKind::kCpu)}},
                          {"d", {MakeSlot(5, SlotKind::kCpu)}},
                          {"g",
                           {MakeSlot(0, SlotKind::kGpu, 24), MakeSlot(1, SlotKind::kGpu, 24),
                            MakeSlot(2, SlotKind::kGpu, 80)}}};
  for (const PlacementRow& row : kPlacements) {
    SCOPED_TRACE(row.what);
    RunEntry run;
    run.resources.gpus_auto = row.gpus_auto;
    run.resources.gpus = row.gpus;
    run.resources.min_gpu_memory_gib = row.min_gib;
    run.last_worker_id = row.last_worker;
    const auto placement = PlaceRun(run, free);
    const std::string placed =
        placement ? absl::StrCat(placement->worker_id, ":", absl::StrJoin(placement->slots, ","))
                  : "";
    EXPECT_EQ(placed, row.placed);
  }
}

TEST_F(DecideTest, WhyARunWaitsIsSaid) {
  RunEntry& run = AddRun("a", 1);
  run.resources.gpus = 1;
  run.resources.min_gpu_memory_gib = 40;
  EXPECT_EQ(ExplainWait(run, state_, kNow).why, "no worker is connected");
  AddWorker("w", {MakeSlot(0, SlotKind::kGpu, 24)});
  EXPECT_EQ(ExplainWait(run, state_, kNow).why, "no worker has a GPU slot with 40 GiB");
  run.not_before = kNow + absl::Milliseconds(1500);
  EXPECT_EQ(ExplainWait(run, state_, kNow).why, "the next attempt starts in 2s");
}

TEST_F(DecideTest, AWorkerThatHasJustGotARunIsStillThere) {
  AddWorker("w", {MakeSlot(0, SlotKind::kCpu)}, /*polling=*/false);
  state_.workers["w"].last_heard = kNow;
  const RunEntry& run = AddRun("a", 1);
  EXPECT_EQ(ExplainWait(run, state_, kNow + absl::Seconds(1)).why,
            "waits for a CPU slot: 1 would fit, other runs come first");
  EXPECT_EQ(ExplainWait(run, state_, kNow + absl::Minutes(1)).why, "no worker is connected");
  state_.workers["w"].unfit = "/w has 3 MiB left";
  EXPECT_EQ(ExplainWait(run, state_, kNow + absl::Seconds(1)).why,
            "no connected worker takes work: w: /w has 3 MiB left");
}

}  // namespace
}  // namespace fp4::core
