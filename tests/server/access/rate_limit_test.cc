#include "server/access/rate_limit.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

namespace fp4::access {
namespace {

TEST(RateLimit, AllowsABurstThenSoManyASecond) {
  RateLimit limit({.burst = 3, .per_second = 2});
  const absl::Duration start = absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.Allow("a", start));
  EXPECT_FALSE(limit.Allow("a", start));
  EXPECT_TRUE(limit.Allow("b", start));
  EXPECT_TRUE(limit.Allow("a", start + absl::Milliseconds(500)));
  EXPECT_FALSE(limit.Allow("a", start + absl::Milliseconds(500)));
}

TEST(RateLimit, ForgetsTheOldestNameWhenThereAreTooMany) {
  RateLimit limit({.burst = 1, .per_second = 0, .max_names = 2});
  EXPECT_TRUE(limit.Allow("a", absl::Seconds(1)));
  EXPECT_TRUE(limit.Allow("b", absl::Seconds(2)));
  EXPECT_TRUE(limit.Allow("c", absl::Seconds(3)));
  EXPECT_FALSE(limit.Allow("b", absl::Seconds(4)));
  EXPECT_TRUE(limit.Allow("a", absl::Seconds(5)));
}

TEST(FailurePause, DoublesUpToAMinuteAndIsForgotten) {
  FailurePause pause;
  absl::Duration now = absl::Hours(1), last;
  for (int i = 0; i < 5; ++i) pause.NoteFailure("a", now);
  EXPECT_EQ(pause.Left("a", now), absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) {
    pause.NoteFailure("a", now);
    EXPECT_GT(pause.Left("a", now), last);
    last = pause.Left("a", now);
  }
  EXPECT_EQ(last, absl::Seconds(2));
  for (int i = 0; i < 30; ++i) pause.NoteFailure("a", now);
  EXPECT_EQ(pause.Left("a", now), absl::Minutes(1));
  EXPECT_EQ(pause.Left("b", now), absl::ZeroDuration());
  now += absl::Minutes(11);
  pause.NoteFailure("a", now);
  EXPECT_EQ(pause.Left("a", now), absl::ZeroDuration());
}

}  // namespace
}  // namespace fp4::access
