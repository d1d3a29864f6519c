#include "base/clock.h"

#include <gtest/gtest.h>

namespace fp4 {
namespace {

TEST(ClockTest, TimestampsAreReadBackToTheMillisecond) {
  absl::Time time = absl::FromUnixMillis(1767323045678);
  EXPECT_EQ(FormatTimestamp(time), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(ParseTimestamp("2026-01-02T03:04:05.678Z"), time);
}

TEST(ClockTest, WhatIsNoTimestampIsInfinitelyPast) {
  for (const char* text : {"", "yesterday", "2026-13-02T03:04:05.678Z", "2026-01-02 03:04:05"}) {
    EXPECT_EQ(ParseTimestamp(text), absl::InfinitePast()) << text;
  }
}

TEST(ClockTest, BootTimeNeverGoesBack) {
  absl::Duration before = SystemClock().SinceBoot();
  EXPECT_LE(before, SystemClock().SinceBoot());
  EXPECT_GT(before, absl::ZeroDuration());
  EXPECT_EQ(BootId().size(), 36u);
}

}  // namespace
}  // namespace fp4
