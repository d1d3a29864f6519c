#include "base/duration.h"

#include <gtest/gtest.h>

namespace fp4 {
namespace {

TEST(DurationTest, TakesWhatIsInTheRangeToItsEnds) {
  EXPECT_EQ(*ParseDurationBetween("2s", absl::Seconds(2)), absl::Seconds(2));
  EXPECT_EQ(*ParseDurationBetween("1h30m", absl::ZeroDuration()), absl::Minutes(90));
  EXPECT_EQ(*ParseDurationBetween("0", absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(*ParseDurationBetween("878400h", absl::ZeroDuration()), kLongestDuration);
}

TEST(DurationTest, RefusesAllElseAndShowsIt) {
  for (const char* text : {"", "soon", "-1s", "90", "inf", "+inf", "-inf", "1e400h", "878401h",
                           "nan", "9223372036854775807h", "1s "}) {
    const absl::StatusOr<absl::Duration> found = ParseDurationBetween(text, absl::ZeroDuration());
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(
        found.status().message(),
        std::string("'") + text + "' is not a duration from 0 to 878400h, such as 90s or 30m");
  }
  EXPECT_EQ(ParseDurationBetween("1s", absl::Seconds(2), absl::Hours(720)).status().message(),
            "'1s' is not a duration from 2s to 720h, such as 90s or 30m");
}

}  // namespace
}  // namespace fp4
