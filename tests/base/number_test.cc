#include "base/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace fp4 {
namespace {

std::string Why(const absl::Status& status) { return std::string(status.message()); }

TEST(ParseNumberTest, TakesTheWholeRangeOfAType) {
  EXPECT_EQ(*ParseNumber<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(*ParseNumber<int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(*ParseNumber<int>("007"), 7);
  EXPECT_EQ(*ParseNumber<double>("-1.5e-3"), -1.5e-3);
  EXPECT_EQ(*ParseNumber<float>("0.75"), 0.75f);
}

TEST(ParseNumberTest, BeyondTheTypeIsRefusedAndShownAsTyped) {
  EXPECT_EQ(Why(ParseNumber<uint64_t>("18446744073709551616").status()),
            "'18446744073709551616' is not a whole number from 0 to 18446744073709551615");
  EXPECT_EQ(Why(ParseNumber<uint64_t>("-1").status()),
            "'-1' is not a whole number from 0 to 18446744073709551615");
  EXPECT_FALSE(ParseNumber<int>("2147483648").ok());
  EXPECT_FALSE(ParseNumber<int64_t>("99999999999999999999999").ok());
  EXPECT_FALSE(ParseNumber<float>("1e39").ok());
  EXPECT_FALSE(ParseNumber<double>("1e309").ok());
}

TEST(ParseNumberTest, BoundsAreAllowedAndWhatLiesBeyondIsNot) {
  EXPECT_EQ(*ParseNumber<int>("1", 1, 64), 1);
  EXPECT_EQ(*ParseNumber<int>("64", 1, 64), 64);
  EXPECT_EQ(Why(ParseNumber<int>("65", 1, 64).status()), "'65' is not a whole number from 1 to 64");
  EXPECT_EQ(Why(ParseNumber<double>("0.25", 0.5, 16).status()),
            "'0.25' is not a number from 0.5 to 16");
}

TEST(ParseNumberTest, NothingButANumberPasses) {
  for (const char* text : {"", " ", "1 ", " 1", "+1", "0x10", "1e3", "1.0", "one", "1,5", "--1"})
    EXPECT_FALSE(ParseNumber<int64_t>(text).ok()) << text;
  for (const char* text : {"", "nan", "inf", "-inf", "1.5x", "0x1p3", "+1.5"})
    EXPECT_FALSE(ParseNumber<double>(text).ok()) << text;
}

TEST(ParseNumberTest, ALongTextIsCut) {
  const std::string message = Why(ParseNumber<int>(std::string(5000, '9')).status());
  EXPECT_LT(message.size(), 200u);
  EXPECT_EQ(message.rfind("'999", 0), 0u);
}

TEST(NumberCheckTest, SaysNothingOfWhatIsANumber) {
  EXPECT_EQ(NumberCheck<int>(1, 64)("12"), "");
  EXPECT_EQ(NumberCheck<int>(1, 64)("0"), "'0' is not a whole number from 1 to 64");
}

}  // namespace
}  // namespace fp4
