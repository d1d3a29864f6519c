#include "client/render/progress.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767323045 + 10);

Board BoardOf(const std::vector<std::string>& variants) {
  const v1::Experiment experiment = MakeExperiment(variants);
  return Board("demo (k7x2m9qd)", {experiment.runs().begin(), experiment.runs().end()});
}

TEST(ProgressTest, DrawsARunningRun) {
  Board board = BoardOf({"baseline", "fp4"});
  board.Apply(StateTo("run0000a", v1::RUN_STATE_RUNNING));
  board.Apply(MetricsAt("run0000a", 1, 10, 3.5, 5));
  board.Apply(MetricsAt("run0000a", 2, 20, 2.5, 10));
  EXPECT_EQ(absl::StrJoin(RenderProgress(board, kNow, 0, {}), "\n"),
            "demo (k7x2m9qd): 1 running, 1 queued\n"
            "RUN       VARIANT   SEED  PROGRESS           STEP    LOSS  TIME LEFT\n"
            "run0000a  baseline     1  ━━━━━━━━────────  20/40  2.5000        10s\n"
            "run0000b  fp4          1  ────────────────   0/40             queued");
}

TEST(ProgressTest, FindingsOfAVariantAreOneLine) {
  Board board = BoardOf({"fp4"});
  for (const char* layer : {"blocks.0.mlp.up", "blocks.1.mlp.up"}) {
    board.Apply(FrozenLayer("run0000a", 1, layer));
  }
  EXPECT_EQ(RenderProgress(board, kNow, 0, {}).back(),
            "⚠ fp4: frozen_layer (error) in blocks.{0..1}.mlp.up: no gradient arrives and not a "
            "bit has changed");
}

TEST(ProgressTest, NeverOutgrowsTheTerminal) {
  Board board = BoardOf(std::vector<std::string>(20, "variant-with-a-long-name"));
  board.Apply(StateTo("run0000t", v1::RUN_STATE_RUNNING));
  board.Apply(FrozenLayer("run0000t", 1, "blocks.0.mlp.up"));
  for (int height = 6; height < 30; ++height) {
    const auto lines = RenderProgress(board, kNow, height, {.width = 60});
    EXPECT_LE(lines.size(), static_cast<size_t>(height));
    for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), 60) << line;
    // What runs stays in sight.
    EXPECT_NE(absl::StrJoin(lines, "\n").find("running"), std::string::npos);
  }
}

TEST(CountStatesTest, CountsTheFurthestFirst) {
  Board board = BoardOf({"a", "b", "c"});
  board.Apply(StateTo("run0000b", v1::RUN_STATE_COMPLETED));
  EXPECT_EQ(CountStates(board.runs()), "1 completed, 2 queued");
}

}  // namespace
}  // namespace fp4::client
