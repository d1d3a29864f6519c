#include "client/render/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WaitingTest, ReasonsAreCountedTheMostFrequentFirst) {
  EXPECT_THAT(
      WaitingLines(std::vector<std::string>{"no worker has 2 GPU slots", "no worker is connected",
                                            "", "no worker is connected",
                                            "waits for a CPU slot: 4 would fit"}),
      ElementsAre("2 runs wait: no worker is connected", "1 run waits: no worker has 2 GPU slots",
                  "1 run waits for a CPU slot: 4 would fit"));
}

TEST(WaitingTest, OnlyQueuedRunsWait) {
  v1::Experiment experiment = MakeExperiment({"a", "b"});
  experiment.mutable_runs(0)->set_message("no worker is connected");
  experiment.mutable_runs(1)->set_message("killed by signal 9");
  experiment.mutable_runs(1)->set_state(v1::RUN_STATE_FAILED);
  EXPECT_THAT(
      WaitingLines(std::vector<v1::Run>(experiment.runs().begin(), experiment.runs().end())),
      ElementsAre("1 run waits: no worker is connected"));
  EXPECT_THAT(WaitingLines(std::vector<v1::Run>()), IsEmpty());
}

}  // namespace
}  // namespace fp4::client
