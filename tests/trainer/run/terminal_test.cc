#include "trainer/run/terminal.h"

#include <gtest/gtest.h>

#include <sstream>

namespace fp4::trainer {
namespace {

spec::Event At(int64_t seconds, decltype(spec::Event::kind) kind) {
  return {.seq = 1, .time = absl::FromUnixSeconds(seconds), .attempt = 1, .kind = std::move(kind)};
}

spec::Event Step(int64_t seconds, int64_t step) {
  return At(seconds, spec::MetricsEvent{step,
                                        {{"train/loss", 2.34567},
                                         {"train/grad_norm", 1},
                                         {"train/tokens_per_second", 12345.6}}});
}

TEST(TerminalReportTest, TellsTheCourseOnATerminal) {
  std::ostringstream out;
  TerminalReport report(out, /*progress=*/true, 400);
  report.Tell(At(0, spec::MetricsEvent{0, {{"val/loss", 5.5}, {"val/accuracy", 0.25}}}));
  report.Tell(Step(10, 100));
  report.Tell(Step(30, 200));
  report.Tell(Step(70, 400));
  EXPECT_EQ(out.str(),
            "step 0/400  val loss 5.5  accuracy 0.25\n"
            "step 100/400  loss 2.346  1.235e+04 tok/s\n"
            "step 200/400  loss 2.346  1.235e+04 tok/s  40s left\n"
            "step 400/400  loss 2.346  1.235e+04 tok/s\n");
}

TEST(TerminalReportTest, TellsWarningsAndFindingsEverywhereAndNothingElse) {
  std::ostringstream out;
  TerminalReport report(out, /*progress=*/false, 400);
  report.Tell(Step(10, 100));
  report.Tell(At(10, spec::LogEvent{"info", "the language's entropy rate is 2"}));
  report.Tell(At(10, spec::CheckpointEvent{"/c", 100, 1, "ab"}));
  report.Tell(At(10, spec::LogEvent{"warning", "the document asks for a GPU"}));
  report.Tell(At(10, spec::HealthEvent{"error", "frozen_layer", "lm_head", "does not learn"}));
  EXPECT_EQ(out.str(),
            "fp4-train: warning: the document asks for a GPU\n"
            "fp4-train: error: frozen_layer: does not learn\n");
}

}  // namespace
}  // namespace fp4::trainer
