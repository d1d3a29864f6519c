#include "client/watch/board.h"

#include <gtest/gtest.h>

#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1767323045);

Board OneRun() {
  const v1::Experiment experiment = MakeExperiment({"fp4"});
  return Board("demo", {experiment.runs().begin(), experiment.runs().end()});
}

TEST(BoardTest, TimeLeftFollowsThePace) {
  Board board = OneRun();
  board.Apply(MetricsAt("run0000a", 1, 10, 3, 10));
  EXPECT_FALSE(board.runs()[0].TimeLeft(kStart).has_value());
  board.Apply(MetricsAt("run0000a", 2, 20, 2, 20));
  EXPECT_EQ(board.runs()[0].TimeLeft(kStart + absl::Seconds(20)), absl::Seconds(20));
  EXPECT_EQ(board.runs()[0].TimeLeft(kStart + absl::Seconds(25)), absl::Seconds(15));
  EXPECT_EQ(board.runs()[0].TimeLeft(kStart + absl::Hours(1)), absl::ZeroDuration());
}

TEST(BoardTest, ANewAttemptStepsBack) {
  Board board = OneRun();
  board.Apply(MetricsAt("run0000a", 1, 30, 2, 30));
  v1::Event again = MetricsAt("run0000a", 2, 20, 2.5, 60);
  again.set_attempt(2);
  board.Apply(again);
  EXPECT_EQ(board.runs()[0].step, 20);
  EXPECT_EQ(board.runs()[0].attempt, 2);
  EXPECT_FALSE(board.runs()[0].TimeLeft(kStart).has_value());
}

TEST(BoardTest, LeavesOutRunsThatItDoesNotKnow) {
  Board board = OneRun();
  board.Apply(StateTo("stranger", v1::RUN_STATE_FAILED));
  EXPECT_EQ(board.runs()[0].state, v1::RUN_STATE_QUEUED);
  EXPECT_EQ(board.Find("stranger"), nullptr);
}

}  // namespace
}  // namespace fp4::client
