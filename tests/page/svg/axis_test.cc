#include "page/svg/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fp4::page::svg {
namespace {

using ::testing::ElementsAre;

Axis AxisOf(std::initializer_list<double> values, bool logarithmic = false) {
  Axis axis("x", logarithmic);
  for (const double value : values) axis.Include(value);
  return axis;
}

std::vector<std::string> Labels(const Axis& axis, int most) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.Ticks(most)) labels.push_back(tick.label);
  return labels;
}

TEST(AxisTest, TicksAreRoundNumbersWithAsManyDigitsAsTheyNeed) {
  const struct {
    double low, high;
    std::vector<std::string> labels;
  } cases[] = {
      {0, 100, {"0", "20", "40", "60", "80", "100"}},
      {2.61, 3.07, {"2.7", "2.8", "2.9", "3.0"}},
      {-0.002, 0.004, {"-0.002", "0", "0.002", "0.004"}},
      {0, 12000, {"0", "5000", "10k"}},
      {0, 2.1e6, {"0", "500k", "1M", "1.5M", "2M"}},
      {0, 2.2e-6, {"0", "5e-07", "1e-06", "1.5e-06", "2e-06"}},
      {0.99999999, 1.00000001, {"0.99999999", "0.999999995", "1", "1.000000005", "1.00000001"}}};
  for (const auto& c : cases) EXPECT_EQ(Labels(AxisOf({c.low, c.high}), 6), c.labels) << c.low;
}

TEST(AxisTest, TicksOfALogarithmicAxisArePowers) {
  EXPECT_THAT(Labels(AxisOf({0.0005, 2e5}, true), 9),
              ElementsAre("0.001", "0.01", "0.1", "1", "10", "100", "1000", "1e4", "1e5"));
  EXPECT_THAT(Labels(AxisOf({2, 8}, true), 4), ElementsAre("2", "4", "6", "8"));
}

TEST(AxisTest, ATickLiesAtItsShare) {
  const Axis axis = AxisOf({0, 200});
  EXPECT_DOUBLE_EQ(axis.Share(50), 0.25);
  EXPECT_DOUBLE_EQ(AxisOf({1, 100}, true).Share(10), 0.5);
}

TEST(AxisTest, WhatHasNoPlaceIsLeftOut) {
  Axis axis("x", true);
  for (const double value : std::vector<double>{0, -1, NAN, INFINITY}) {
    EXPECT_FALSE(axis.Takes(value));
    axis.Include(value);
  }
  EXPECT_TRUE(axis.empty());
  EXPECT_TRUE(axis.Ticks(5).empty());
}

TEST(AxisTest, ALevelAxisHasItsValueInTheMiddle) {
  const Axis axis = AxisOf({3, 3});
  EXPECT_EQ(axis.Share(3), 0.5);
  EXPECT_THAT(Labels(axis, 5), ElementsAre("3"));
}

TEST(AxisTest, TheLargestNumbersDoNotOverflow) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const Axis axis = AxisOf({-kMost, kMost});
  EXPECT_DOUBLE_EQ(axis.Share(0), 0.5);
  EXPECT_EQ(axis.Ticks(5).size(), 2);
}

}  // namespace
}  // namespace fp4::page::svg
