#include "client/render/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fp4::client {
namespace {

TEST(FormatFixedTest, NamesWhatIsNotFinite) {
  EXPECT_EQ(FormatFixed(3.14159, 4), "3.1416");
  EXPECT_EQ(FormatFixed(std::nan(""), 4), "NaN");
  EXPECT_EQ(FormatFixed(-std::numeric_limits<double>::infinity(), 4), "-Infinity");
  EXPECT_EQ(FormatSigned(0.01, 4), "+0.0100");
}

TEST(FormatValueTest, SuitsBytesAndLearningRatesAlike) {
  EXPECT_EQ(FormatValue(114718160), "114718160");
  EXPECT_EQ(FormatValue(0.0001), "0.0001");
  EXPECT_EQ(FormatValue(4.1958649), "4.19586");
  EXPECT_EQ(FormatValue(std::nan("")), "NaN");
}

TEST(FormatCountTest, KeepsThreeDigits) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(999.7), "1.00k");
  EXPECT_EQ(FormatCount(12345), "12.3k");
  EXPECT_EQ(FormatCount(123456), "123k");
  EXPECT_EQ(FormatCount(4.56e6), "4.56M");
}

TEST(FormatIntervalTest, UsesTheTwoLargestUnits) {
  EXPECT_EQ(FormatInterval(absl::Seconds(-3)), "0.0s");
  EXPECT_EQ(FormatInterval(absl::Seconds(9.97)), "10s");
  EXPECT_EQ(FormatInterval(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(FormatInterval(absl::Minutes(125)), "2h05m");
  EXPECT_EQ(FormatInterval(absl::Hours(76)), "3d04h");
  EXPECT_NE(FormatInterval(absl::InfiniteDuration()), "");
}

}  // namespace
}  // namespace fp4::client
