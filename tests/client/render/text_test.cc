#include "client/render/text.h"

#include <gtest/gtest.h>

namespace fp4::client {
namespace {

TEST(DisplayWidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("loss"), 4);
  EXPECT_EQ(DisplayWidth("Größe"), 5);
  EXPECT_EQ(DisplayWidth("損失"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("\xff\xc3"), 2);  // no UTF-8
}

TEST(TruncateTest, MarksTheCutAndNeverExceedsTheWidth) {
  EXPECT_EQ(Truncate("baseline", 8), "baseline");
  EXPECT_EQ(Truncate("baseline", 5), "base…");
  EXPECT_EQ(Truncate("baseline", 5, /*unicode=*/false), "base~");
  EXPECT_EQ(Truncate("損失損失", 4), "損…");
  EXPECT_EQ(Truncate("x", 0), "");
}

TEST(PrintableTest, ReplacesWhatWouldSteerTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc"), "a?[2Jb?c");
  EXPECT_EQ(Printable("größe"), "größe");
}

TEST(PrintableTest, KeepsTheLinesOfALongerText) {
  EXPECT_EQ(PrintableLines("one\r\ntwo\n\n", 2), "one?\n  two");
  EXPECT_EQ(PrintableLines("", 2), "");
}

TEST(ColoredTest, LeavesTextAloneWhenColoursAreOff) {
  EXPECT_EQ(Colored("x", Color::kRed, false), "x");
  EXPECT_EQ(Colored("x", Color::kRed, true), "\x1b[31mx\x1b[0m");
}

TEST(WrappedTest, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(Wrapped("one two three", 8, 2), "one two\n  three");
  EXPECT_EQ(Wrapped("one two three", 0, 2), "one two three");
  EXPECT_EQ(Wrapped("a\n  b c", 5, 0), "a\n  b c");
  EXPECT_EQ(Wrapped("see /a/very/long/path now", 10, 2), "see\n  /a/very/long/path\n  now");
}

TEST(PrintableTest, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(Printable("caf\xe9"), "caf?");
  EXPECT_EQ(Printable("\x9b\x33\x31m"), "?31m");
  EXPECT_EQ(Printable("a\xc2\x9b\x62"), "a?b");
  EXPECT_EQ(Printable("größer 損"), "größer 損");
}

}  // namespace
}  // namespace fp4::client
