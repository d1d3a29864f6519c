#include "client/render/table.h"

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace fp4::client {
namespace {

Table RunTable() {
  Table table({{.header = "RUN"},
               {.header = "VARIANT", .min_width = 6},
               {.header = "LOSS", .right = true, .drop_order = 1},
               {.header = "EMPTY"}});
  table.AddRow({"b2c3", "baseline", "3.2", ""});
  table.AddRow({"d4f5", "größer-損", "12.25", ""});
  return table;
}

TEST(TableTest, AlignsColumnsAndLeavesOutEmptyOnes) {
  EXPECT_EQ(RunTable().Render({}),
            "RUN   VARIANT     LOSS\n"
            "b2c3  baseline     3.2\n"
            "d4f5  größer-損  12.25\n");
}

TEST(TableTest, CutsThenDropsColumnsUntilItFits) {
  EXPECT_EQ(RunTable().Render({.width = 20}),
            "RUN   VARIANT   LOSS\n"
            "b2c3  baseli…    3.2\n"
            "d4f5  größer…  12.25\n");
  EXPECT_EQ(RunTable().Render({.width = 14}),
            "RUN   VARIANT\n"
            "b2c3  baseline\n"
            "d4f5  größer-…\n");
}

TEST(TableTest, NoLineIsWiderThanTheTerminal) {
  for (int width = 12; width < 40; ++width) {
    for (absl::string_view line : absl::StrSplit(RunTable().Render({.width = width}), '\n')) {
      EXPECT_LE(DisplayWidth({line.data(), line.size()}), width);
    }
  }
}

TEST(TableTest, NamesThatAreCutStayDifferent) {
  Table table({{.header = "VARIANT", .min_width = 9, .names = true}, {.header = "STATE"}});
  table.AddRow({"fp4-hadamard-32-nearest", "running"});
  table.AddRow({"fp4-hadamard-32-stochastic", "queued"});
  EXPECT_EQ(table.Render({.width = 18}),
            "VARIANT    STATE\n"
            "fp4-…rest  running\n"
            "fp4-…stic  queued\n");
}

TEST(TableTest, WhatFitsInNoWayBecomesBlocks) {
  Table table({{.header = "VARIANT"}, {.header = "DIFFERENCE"}, {.header = "EMPTY"}});
  table.AddRow({"baseline", "", ""});
  table.AddRow({"fp4", "+0.0123 [+0.0001, +0.0245]", ""});
  EXPECT_EQ(table.Render({.width = 30}),
            "VARIANT     baseline\n"
            "\n"
            "VARIANT     fp4\n"
            "DIFFERENCE  +0.0123 [+0.0001,\n"
            "            +0.0245]\n");
}

TEST(TableTest, IsNothingWithoutRows) { EXPECT_EQ(Table({{.header = "RUN"}}).Render({}), ""); }

}  // namespace
}  // namespace fp4::client
