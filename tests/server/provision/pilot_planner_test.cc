#include "server/provision/pilot_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::provision {
namespace {

constexpr absl::Duration kYoung = absl::Seconds(5), kOld = absl::Minutes(5);

PilotJob Waiting(std::string id) { return {.id = std::move(id)}; }
PilotJob Running(std::string id, absl::Duration age) {
  return {.id = std::move(id), .running = true, .age = age};
}

struct Row {
  const char* name;
  Demand demand;
  std::vector<PilotJob> jobs;
  PilotLimits limits;
  int64_t submit;
  std::vector<std::string> cancel;
};

std::vector<Row> Rows() {
  const PilotLimits four{.max_workers = 4};
  return {
      {"nothing_to_do", {}, {}, four, 0, {}},
      {"one_for_each_run", {.queued = 3}, {}, four, 3, {}},
      {"no_more_than_the_limit", {.queued = 300}, {}, four, 4, {}},
      {"limit_counts_what_is_there",
       {.queued = 300},
       {Waiting("1"), Running("2", kOld)},
       four,
       2,
       {}},
      {"waiting_jobs_provide", {.queued = 2}, {Waiting("1")}, four, 1, {}},
      {"a_worker_that_just_began_provides", {.queued = 1}, {Running("1", kYoung)}, four, 0, {}},
      {"one_that_is_up_has_taken_what_fits", {.queued = 1}, {Running("1", kOld)}, four, 1, {}},
      {"slots_share_a_worker", {.queued = 5}, {}, {.max_workers = 4, .slots_per_worker = 2}, 3, {}},
      {"jobs_for_nothing_are_cancelled", {}, {Waiting("1"), Waiting("2")}, four, 0, {"1", "2"}},
      {"the_youngest_first", {.queued = 1}, {Waiting("1"), Waiting("2")}, four, 0, {"2"}},
      {"running_ones_are_left_alone", {}, {Running("1", kOld), Running("2", kYoung)}, four, 0, {}},
      {"more_jobs_than_a_lowered_limit",
       {.queued = 9},
       {Running("1", kOld), Running("2", kOld)},
       {.max_workers = 1},
       0,
       {}},
  };
}

class PlanTest : public testing::TestWithParam<Row> {};

TEST_P(PlanTest, AsksForWhatIsMissing) {
  const Row& row = GetParam();
  const PilotPlan plan = PilotPlanner(row.limits).Plan(row.demand, row.jobs, absl::Hours(1));
  EXPECT_EQ(plan.submit, row.submit);
  EXPECT_EQ(plan.cancel, row.cancel);
  EXPECT_EQ(plan.pause, absl::ZeroDuration());
}

INSTANTIATE_TEST_SUITE_P(Rows, PlanTest, testing::ValuesIn(Rows()),
                         [](const auto& info) { return std::string(info.param.name); });

class FruitlessTest : public testing::Test {
 protected:
  // An attempt whose worker came and went without a run; the plan after its end.
  PilotPlan Attempt() {
    planner_.Plan({.queued = 1}, {}, now_);
    now_ += absl::Seconds(10);
    planner_.Plan({.queued = 1}, {Running("1", kYoung)}, now_);
    now_ += absl::Seconds(10);
    return planner_.Plan({.queued = 1}, {}, now_);
  }

  absl::Duration now_ = absl::Hours(1);
  PilotPlanner planner_{{.max_workers = 2}};
};

TEST_F(FruitlessTest, AttemptsGetGrowingPauses) {
  for (const int seconds : {10, 20, 40, 80, 160, 320, 600, 600}) {
    const PilotPlan plan = Attempt();
    EXPECT_EQ(plan.submit, 0);
    EXPECT_EQ(plan.pause, absl::Seconds(seconds));
    now_ += plan.pause;
  }
}

TEST_F(FruitlessTest, AfterThePauseItIsTriedAgain) {
  const PilotPlan plan = Attempt();
  EXPECT_EQ(planner_.Plan({.queued = 1}, {}, now_ + plan.pause).submit, 1);
}

TEST_F(FruitlessTest, RunThatIsTakenEndsThePause) {
  Attempt();
  EXPECT_EQ(planner_.Plan({.queued = 1, .leased = 1}, {}, now_).submit, 1);
}

TEST_F(FruitlessTest, EmptyQueueEndsThePause) {
  Attempt();
  planner_.Plan({}, {}, now_);
  EXPECT_EQ(planner_.Plan({.queued = 1}, {}, now_).submit, 1);
}

// Whatever the queue and the jobs are: never beyond the limit, and no job is cancelled while one is
// submitted.
TEST(PilotPlanner, NeverAsksForMoreThanTheLimit) {
  for (int64_t queued = 0; queued < 12; ++queued) {
    for (size_t waiting = 0; waiting < 5; ++waiting) {
      for (size_t running = 0; running < 5; ++running) {
        std::vector<PilotJob> jobs;
        for (size_t i = 0; i < running; ++i)
          jobs.push_back(Running(std::to_string(i), i % 2 == 0 ? kOld : kYoung));
        for (size_t i = 0; i < waiting; ++i) jobs.push_back(Waiting(std::to_string(running + i)));
        PilotPlanner planner({.max_workers = 6, .slots_per_worker = 2});
        const PilotPlan plan = planner.Plan({.queued = queued}, jobs, absl::Hours(1));
        EXPECT_LE(plan.submit, std::max<int64_t>(0, 6 - static_cast<int64_t>(jobs.size())));
        EXPECT_LE(plan.cancel.size(), waiting);
        EXPECT_TRUE(plan.submit == 0 || plan.cancel.empty());
      }
    }
  }
}

}  // namespace
}  // namespace fp4::provision
