#include "trainer/checkpoint/best.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

TEST(WarningOfNoBestTest, ComesWhenNoCheckpointBeforeTheLastIsEvaluated) {
  struct Row {
    int64_t steps, eval_interval, interval_steps, keep_best;
    bool warned;
  };
  const Row rows[] = {
      {100, 20, 5, 1, false},    // every fourth
      {100, 5, 20, 1, false},    // every one
      {400, 40, 25, 1, false},   // at 200
      {100, 40, 25, 1, true},    // 200 is beyond the end
      {200, 40, 25, 1, true},    // 200 is the end
      {201, 40, 25, 1, false},   //
      {100, 40, 25, 0, false},   // nobody asked for the best
      {100, 40, 0, 1, false},    // the last one is the only one
      {100, 100, 25, 1, false},  // nothing is evaluated before the end
      {0, 100, 100, 1, false},  {1'000'000'000, 999'999'937, 999'999'893, 1, true},
  };
  for (const Row& row : rows) {
    spec::RunSpec run;
    run.training.steps = row.steps;
    run.training.eval_interval = row.eval_interval;
    run.checkpoint.interval_steps = row.interval_steps;
    run.checkpoint.keep_best = row.keep_best;
    EXPECT_EQ(!WarningOfNoBest(run).empty(), row.warned)
        << row.steps << " " << row.eval_interval << " " << row.interval_steps;
  }
}

}  // namespace
}  // namespace fp4::trainer
