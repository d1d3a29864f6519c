#include "server/core/curve_buckets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fp4::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(BucketWidth, IsTheLeastPowerOfTwoThatIsFewEnough) {
  struct Case {
    int64_t first, last, most, width;
  };
  const Case cases[] = {{0, 9, 10, 1},
                        {0, 10, 10, 2},
                        {1, 10'000, 300, 64},
                        {7, 8, 1, 16},
                        {100, 100, 1, 1},
                        {5, 5, 0, 1},
                        {0, int64_t{1} << 40, 4, int64_t{1} << 39}};
  for (const Case& one : cases) {
    EXPECT_EQ(BucketWidth(one.first, one.last, one.most), one.width)
        << one.first << " … " << one.last << ", " << one.most;
  }
}

TEST(CurveBuckets, HoldMeanLowestAndHighestOfEachStretch) {
  const CurvePoint points[] = {{0, 4}, {1, 2}, {3, 6}, {9, 1}};
  const std::vector<CurveBucket> buckets = CurveBuckets(points, 4);
  ASSERT_EQ(buckets.size(), 2);
  EXPECT_EQ(buckets[0].step, 1);
  EXPECT_EQ(buckets[0].mean, 4);
  EXPECT_EQ(buckets[0].low, 2);
  EXPECT_EQ(buckets[0].high, 6);
  EXPECT_EQ(buckets[1].step, 9);  // of a single point
}

TEST(CurveBuckets, OfOneStepEachAreThePoints) {
  const CurvePoint points[] = {{3, 4}, {5, kNan}, {6, -kInfinity}};
  const std::vector<CurveBucket> buckets = CurveBuckets(points, 1);
  ASSERT_EQ(buckets.size(), 3);
  EXPECT_EQ(buckets[0].step, 3);
  EXPECT_TRUE(std::isnan(buckets[1].mean));
  EXPECT_EQ(buckets[2].mean, -kInfinity);
}

TEST(CurveBuckets, WhatIsNotFiniteCountsWhereNothingElseIs) {
  const CurvePoint points[] = {{0, kNan}, {1, 2}, {2, kInfinity}, {3, kNan}};
  const std::vector<CurveBucket> buckets = CurveBuckets(points, 2);
  EXPECT_EQ(buckets[0].mean, 2);
  EXPECT_EQ(buckets[0].high, 2);
  EXPECT_EQ(buckets[1].mean, kInfinity);
}

TEST(CurveBuckets, OfNothingAreNone) { EXPECT_TRUE(CurveBuckets({}, 8).empty()); }

}  // namespace
}  // namespace fp4::core
