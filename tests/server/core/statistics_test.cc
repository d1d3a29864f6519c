#include "server/core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace fp4::core {
namespace {

// By numerical integration of the density in Python (Simpson, 20,000 intervals), which shares
// nothing with the sums.
TEST(StudentTwoSided, AgreesWithTheIntegratedDensity) {
  const std::pair<int, double> expected[] = {
      {1, 12.7062047362}, {2, 4.3026527297},  {3, 3.1824463053},   {4, 2.7764451052},
      {5, 2.5705818356},  {9, 2.2621571628},  {10, 2.2281388520},  {29, 2.0452296421},
      {30, 2.0422724563}, {99, 1.9842169516}, {1000, 1.9623390808}};
  for (const auto& [degrees, t] : expected) {
    EXPECT_NEAR(StudentTwoSided(0.95, degrees), t, 1e-8) << degrees;
  }
}

TEST(StudentTwoSided, ClosedFormsOfOneAndTwoDegrees) {
  for (double p : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(StudentTwoSided(p, 1), std::tan(M_PI / 2 * p),
                1e-9 * std::tan(M_PI / 2 * p) + 1e-12);
    EXPECT_NEAR(StudentTwoSided(p, 2), p * std::sqrt(2 / (1 - p * p)), 1e-9);
  }
}

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
}  // namespace fp4::core
