#include "client/render/runs.h"

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

TEST(StateNameTest, NamesReadBack) {
  for (const char* name :
       {"queued", "assigned", "running", "cancelling", "completed", "failed", "cancelled"}) {
    ASSERT_TRUE(StateOfName(name).has_value()) << name;
    EXPECT_EQ(StateName(*StateOfName(name)), name);
  }
  EXPECT_FALSE(StateOfName("sleeping").has_value());
}

TEST(RunsTest, ShowsProgressAndWhyARunFailed) {
  v1::Experiment experiment = MakeExperiment({"baseline", "fp4"});
  v1::Run& run = *experiment.mutable_runs(1);
  run.set_state(v1::RUN_STATE_FAILED);
  run.set_reason("trainer_crashed");
  run.set_attempt(2);
  run.set_step(20);
  v1::Value& value = *run.add_latest();
  value.set_name("train/loss");
  value.set_value(2.5);
  EXPECT_EQ(RenderRuns({experiment.runs().begin(), experiment.runs().end()}, {}, {}),
            "RUN       VARIANT   SEED  STATE    STEP    LOSS  NOTE\n"
            "run0000a  baseline     1  queued   0/40\n"
            "run0000b  fp4          1  failed  20/40  2.5000  trainer_crashed, attempt 2\n");
}

TEST(DescribeTest, NamesTheLastWordsOfADeadTrainer) {
  v1::Run run = MakeExperiment({"fp4"}).runs(0);
  run.set_state(v1::RUN_STATE_FAILED);
  run.set_reason("trainer_crashed");
  run.set_message("killed by signal 11");
  const std::string text = RenderRun(run, absl::FromUnixSeconds(1767323105), {});
  EXPECT_NE(text.find("state        failed (trainer_crashed)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("message      killed by signal 11\n"), std::string::npos) << text;
  EXPECT_NE(text.find("(1m00s ago)"), std::string::npos) << text;
}

TEST(RunsTest, SaysWhyQueuedRunsWait) {
  v1::Experiment experiment = MakeExperiment({"a", "b"});
  for (v1::Run& run : *experiment.mutable_runs()) run.set_message("no worker is connected");
  const std::string text = RenderRuns({experiment.runs().begin(), experiment.runs().end()}, {}, {});
  EXPECT_NE(text.find("\n2 runs wait: no worker is connected\n"), std::string::npos) << text;
}

TEST(RunsTest, FitsANarrowTerminal) {
  v1::Experiment experiment =
      MakeExperiment({"fp4-hadamard-32-nearest", "fp4-hadamard-32-stochastic"});
  for (v1::Run& run : *experiment.mutable_runs()) {
    run.set_reason("restarts_exhausted");
    run.set_message("waits for a GPU slot with 80 GiB: 4 would fit, other runs come first");
    run.set_total_steps(100'000'000);
  }
  const std::string text =
      RenderRuns({experiment.runs().begin(), experiment.runs().end()}, {}, {.width = 40});
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_LE(DisplayWidth({line.data(), line.size()}), 40) << text;
  }
  EXPECT_NE(text.find("nearest "), std::string::npos) << text;
  EXPECT_NE(text.find("ochastic "), std::string::npos) << text;
}

TEST(DescribeTest, OnlyTheNewestCheckpointsAreListed) {
  v1::Run run = MakeExperiment({"fp4"}).runs(0);
  for (int step = 10; step <= 200; step += 10) {
    v1::Checkpoint& checkpoint = *run.add_checkpoints();
    checkpoint.set_step(step);
    checkpoint.set_path("/w/checkpoints/" + std::to_string(step));
  }
  const std::string text = RenderRun(run, absl::FromUnixSeconds(1767323105), {});
  EXPECT_NE(text.find("/w/checkpoints/200\n"), std::string::npos) << text;
  EXPECT_NE(text.find("/w/checkpoints/180\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("/w/checkpoints/170\n"), std::string::npos) << text;
  EXPECT_NE(text.find("and 17 older: `fp4ctl checkpoints ls run0000a`"), std::string::npos) << text;
}

TEST(ExperimentsTest, AgeCountsFromNow) {
  EXPECT_EQ(
      RenderExperiments({MakeExperiment({"fp4"})}, absl::FromUnixSeconds(1767323045 + 192), {}),
      "EXPERIMENT  NAME  PROJECT  FINISHED    AGE\n"
      "k7x2m9qd    demo  default       0/1  3m12s\n");
}

}  // namespace
}  // namespace fp4::client
