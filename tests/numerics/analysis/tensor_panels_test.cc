#include "numerics/analysis/tensor_panels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace fp4::numerics::analysis {
namespace {

using testing::ElementsAre;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(RangeOfTest, ReachesFromMinimumToMaximumOfWhatIsFinite) {
  const BinRange range = RangeOf(std::vector<float>{-1, 3, kNaN, kInf});
  EXPECT_EQ(range.low, -1);
  EXPECT_EQ(range.high, 3);
}

TEST(RangeOfTest, StopsAtSixStandardDeviations) {
  std::vector<float> values(9999, 0.0f);
  values.push_back(1000);  // mean 0.1, variance 100 - 0.01
  EXPECT_NEAR(RangeOf(values).high, 0.1 + 6 * std::sqrt(99.99), 1e-9);
  EXPECT_EQ(RangeOf(values).low, 0);
}

TEST(RangeOfTest, IsNeverEmpty) {
  const std::pair<std::vector<float>, BinRange> cases[] = {
      {{}, {-0.5, 0.5}}, {{kNaN, kInf}, {-0.5, 0.5}}, {{0, 0}, {-0.5, 0.5}}, {{4, 4}, {2, 6}},
      {{-2}, {-3, -1}},
  };
  for (const auto& [values, range] : cases) {
    EXPECT_EQ(RangeOf(values).low, range.low);
    EXPECT_EQ(RangeOf(values).high, range.high);
  }
  for (const float extreme : {1e-45f, 3.4028235e38f, 1.0f}) {
    const float next = std::nextafter(extreme, kInf);
    const BinRange range = RangeOf(std::vector<float>{extreme, std::isinf(next) ? -extreme : next});
    EXPECT_LT(range.low, range.high);
  }
}

TEST(CountValuesTest, CountsEveryFiniteValueOnce) {
  const std::vector<float> values = {-9, 0, 0.5f, 1, 1.5f, 2, 9, kNaN, -kInf};
  const Histogram histogram = CountValues(values, {0, 2}, 2);
  EXPECT_THAT(histogram.counts, ElementsAre(3, 4));  // 1 begins the second bin, 2 ends it
  EXPECT_EQ(histogram.total, 7);
  EXPECT_EQ(histogram.outside, 2);
}

TEST(SamplePairsTest, TakesAllOfAShortTensor) {
  const std::vector<float> x = {1, 2, 3}, y = {4, 5, 6};
  const std::vector<SamplePoint> sample = SamplePairs(x, y, 10);
  ASSERT_EQ(sample.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sample[i].index, static_cast<int64_t>(i));
    EXPECT_EQ(sample[i].original, x[i]);
    EXPECT_EQ(sample[i].decoded, y[i]);
  }
}

TEST(SamplePairsTest, TakesOneOfEachPartAndNotInStep) {
  std::vector<float> x(1000);
  std::iota(x.begin(), x.end(), 0.0f);
  const std::vector<SamplePoint> sample = SamplePairs(x, x, 100);
  ASSERT_EQ(sample.size(), 100u);
  std::vector<int> residues(10);
  for (size_t i = 0; i < sample.size(); ++i) {
    EXPECT_EQ(sample[i].index / 10, static_cast<int64_t>(i));
    EXPECT_EQ(sample[i].original, x[static_cast<size_t>(sample[i].index)]);
    ++residues[static_cast<size_t>(sample[i].index % 10)];
  }
  for (const int count : residues) EXPECT_LT(count, 30);
}

TEST(CorrelationTest, IsPearsons) {
  const std::vector<float> x = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(Correlation(x, std::vector<float>{2, 4, 6, 8}), 1);
  EXPECT_DOUBLE_EQ(Correlation(x, std::vector<float>{8, 6, 4, 2}), -1);
  // Sums of squares 5 and 5, of products 4.
  EXPECT_DOUBLE_EQ(Correlation(x, std::vector<float>{1, 3, 2, 4}), 0.8);
  EXPECT_DOUBLE_EQ(
      Correlation(std::vector<float>{1, 2, 3, 4, kNaN, 9}, std::vector<float>{1, 3, 2, 4, 5, kInf}),
      0.8);
}

TEST(CorrelationTest, IsNotANumberWithoutSpread) {
  const std::vector<float> constant(7, 0.1f), x = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_TRUE(std::isnan(Correlation(x, constant)));
  EXPECT_TRUE(std::isnan(Correlation(constant, x)));
  EXPECT_TRUE(std::isnan(Correlation(std::vector<float>{kNaN}, std::vector<float>{1})));
}

TEST(TensorPanelsTest, MeasuresErrorsOverAllValues) {
  const std::vector<float> x = {1, 2, 3, 4, kNaN, 6}, y = {1.5f, 2, 3, 3, 5, kInf};
  const TensorPanels panels =
      MakeTensorPanels(x, y, {.max_sample = 4, .max_stretches = 3, .num_bins = 5});
  ASSERT_EQ(panels.errors.size(), 3u);
  EXPECT_EQ(panels.errors[0].first, 0);
  EXPECT_EQ(panels.errors[0].mean_abs_error, 0.25);
  EXPECT_EQ(panels.errors[0].max_abs_error, 0.5);
  EXPECT_EQ(panels.errors[1].first, 2);
  EXPECT_EQ(panels.errors[1].mean_abs_error, 0.5);
  EXPECT_EQ(panels.errors[1].max_abs_error, 1);
  EXPECT_EQ(panels.errors[2].first, 4);
  EXPECT_TRUE(std::isnan(panels.errors[2].max_abs_error));
  EXPECT_EQ(panels.sample.size(), 4u);
}

TEST(TensorPanelsTest, HistogramsShareTheirBins) {
  const std::vector<float> x = {0, 1, 2, 3}, y = {0, 0, 2, 8};
  const TensorPanels panels = MakeTensorPanels(x, y, {.num_bins = 4});
  EXPECT_EQ(panels.original.range.high, 8);
  EXPECT_EQ(panels.decoded.range.high, 8);
  EXPECT_THAT(panels.original.counts, ElementsAre(2, 2, 0, 0));
  EXPECT_THAT(panels.decoded.counts, ElementsAre(2, 1, 0, 1));
}

TEST(TensorPanelsTest, OneElementIsEnough) {
  const TensorPanels panels =
      MakeTensorPanels(std::vector<float>{0.7f}, std::vector<float>{0.5f}, {});
  EXPECT_EQ(panels.sample.size(), 1u);
  ASSERT_EQ(panels.errors.size(), 1u);
  EXPECT_EQ(panels.errors[0].max_abs_error, double{0.7f} - 0.5);
  EXPECT_EQ(panels.original.total, 1);
  EXPECT_TRUE(std::isnan(panels.correlation));
}

}  // namespace
}  // namespace fp4::numerics::analysis
