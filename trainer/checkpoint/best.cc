#include "trainer/checkpoint/best.h"

#include <numeric>

#include "absl/strings/str_cat.h"

namespace fp4::trainer {

std::string WarningOfNoBest(const spec::RunSpec& run) {
  const int64_t steps = run.training.steps;
  const int64_t evaluation = run.training.eval_interval;
  const int64_t checkpoint = run.checkpoint.interval_steps;
  const bool asked_for = run.checkpoint.keep_best > 0 && 0 < checkpoint && checkpoint < steps &&
                         0 < evaluation && evaluation < steps;
  if (!asked_for || std::lcm(evaluation, checkpoint) < steps) return "";
  return absl::StrCat("checkpoint.keep_best chooses among evaluated steps, and of ", steps,
                      " steps only the last is both evaluated (training.eval_interval ", evaluation,
                      ") and kept (checkpoint.interval_steps ", checkpoint,
                      "): let one be a multiple of the other");
}

}  // namespace fp4::trainer
