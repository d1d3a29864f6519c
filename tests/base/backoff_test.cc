#include "base/backoff.h"

#include <gtest/gtest.h>

namespace fp4 {
namespace {

TEST(BackoffTest, DelaysDoubleUpToTheMaximumWithinTheirJitter) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(5), /*seed=*/7);
  for (double full : {1.0, 2.0, 4.0, 5.0, 5.0}) {
    double delay = absl::ToDoubleSeconds(backoff.Next());
    EXPECT_GE(delay, full / 2);
    EXPECT_LT(delay, full);
  }
}

TEST(BackoffTest, ResetStartsAgainFromTheInitialDelay) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(60), /*seed=*/7);
  for (int i = 0; i < 5; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LT(backoff.Next(), absl::Seconds(1));
}

TEST(BackoffTest, SeedsGiveDifferentDelays) {
  Backoff a(absl::Seconds(1), absl::Seconds(5), 1), b(absl::Seconds(1), absl::Seconds(5), 2);
  EXPECT_NE(a.Next(), b.Next());
}

}  // namespace
}  // namespace fp4
