#include "client/plot/bands.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::client {
namespace {

std::vector<v1::Point> Curve(const std::vector<std::pair<int64_t, double>>& values) {
  std::vector<v1::Point> points;
  for (const auto& [step, value] : values) {
    v1::Point& point = points.emplace_back();
    point.set_step(step);
    point.set_value(value);
  }
  return points;
}

TEST(MeanOverSeedsTest, IsTheMeanWithStudentsInterval) {
  const auto means = MeanOverSeeds({Curve({{0, 1}, {10, 4}}), Curve({{0, 3}, {10, 6}})}, 100);
  ASSERT_EQ(means.size(), 2);
  EXPECT_EQ(means[1].step, 10);
  EXPECT_EQ(means[1].n, 2);
  EXPECT_EQ(means[1].mean, 5);
  // t of 97.5 % and one degree of freedom is 12.706, the standard error 1.
  EXPECT_NEAR(means[1].low, 5 - 12.706, 1e-3);
  EXPECT_NEAR(means[1].high, 5 + 12.706, 1e-3);
}

TEST(MeanOverSeedsTest, OneSeedHasNoInterval) {
  const auto means = MeanOverSeeds({Curve({{0, 1}})}, 100);
  ASSERT_EQ(means.size(), 1);
  EXPECT_EQ(means[0].mean, 1);
  EXPECT_TRUE(std::isnan(means[0].low));
}

TEST(MeanOverSeedsTest, AThinnedCurveIsInterpolatedAndNotContinued) {
  const auto means =
      MeanOverSeeds({Curve({{0, 0}, {5, 5}, {10, 10}}), Curve({{0, 2}, {10, 2}, {20, 9}})}, 100);
  ASSERT_EQ(means.size(), 4);
  EXPECT_EQ(means[1].step, 5);
  EXPECT_EQ(means[1].mean, (5 + 2) / 2.0);
  EXPECT_EQ(means[3].n, 1) << "the first curve ends at step 10";
  EXPECT_EQ(means[3].mean, 9);
}

TEST(MeanOverSeedsTest, WhatIsNotFiniteStaysVisible) {
  const auto means = MeanOverSeeds({Curve({{0, 1}, {1, NAN}}), Curve({{0, 1}, {1, 2}})}, 100);
  EXPECT_EQ(means[0].mean, 1);
  EXPECT_TRUE(std::isnan(means[1].mean));
}

TEST(MeanOverSeedsTest, ManyStepsAreTakenEvenlyWithBothEnds) {
  std::vector<std::pair<int64_t, double>> values;
  for (int64_t i = 0; i <= 1000; ++i) values.emplace_back(i, 0);
  const auto means = MeanOverSeeds({Curve(values)}, 11);
  ASSERT_EQ(means.size(), 11);
  EXPECT_EQ(means[1].step, 100);
  EXPECT_EQ(means.back().step, 1000);
}

TEST(MeanOverSeedsTest, OfNothingIsNothing) {
  EXPECT_TRUE(MeanOverSeeds({}, 10).empty());
  EXPECT_TRUE(MeanOverSeeds({{}}, 10).empty());
}

}  // namespace
}  // namespace fp4::client
