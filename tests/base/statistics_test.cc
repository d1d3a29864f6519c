#include "base/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace fp4 {
namespace {

TEST(Statistics, OfNothingAreNotNumbers) {
  EXPECT_TRUE(std::isnan(Mean({})));
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_TRUE(std::isnan(SampleStd(std::vector<double>{1.0})));
}

TEST(Statistics, MedianOfOddAndEven) {
  EXPECT_EQ(Median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_EQ(Median(std::vector<double>{4, 1, 3, 2}), 2.5);
}

TEST(Statistics, EqualValuesGiveAnIntervalOfNoWidth) {
  const ConfidenceInterval interval = MeanInterval95(std::vector<double>{0.5, 0.5, 0.5});
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

}  // namespace
}  // namespace fp4
