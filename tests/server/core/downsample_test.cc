#include "server/core/downsample.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace fp4::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<CurvePoint> RandomCurve(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise;
  std::vector<CurvePoint> points;
  int64_t step = 0;
  for (size_t i = 0; i < size; ++i) {
    step += 1 + random() % 7;
    points.push_back({step, 8.0 / static_cast<double>(i + 1) + noise(random)});
  }
  return points;
}

TEST(Downsample, KeepsAllWhenThereAreFew) {
  const std::vector<CurvePoint> points = {{1, 3}, {2, kNan}, {3, 1}};
  EXPECT_THAT(Downsample(points, 5), ElementsAre(0, 1, 2));
  EXPECT_THAT(Downsample({}, 5), IsEmpty());
}

TEST(Downsample, KeepsEndsAndExtremesWithinTheBudget) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const std::vector<CurvePoint> points = RandomCurve(6 + seed * 5, seed);
    const size_t budget = kMinDownsampledPoints + seed % 40;

    const std::vector<size_t> kept = Downsample(points, budget);

    auto value = [&](size_t a, size_t b) { return points[a].value < points[b].value; };
    auto all = [&](const CurvePoint& a, const CurvePoint& b) { return a.value < b.value; };
    EXPECT_LE(kept.size(), std::max(budget, size_t{5}));
    EXPECT_GE(kept.size(), std::min(points.size(), budget - 3));
    EXPECT_TRUE(std::ranges::is_sorted(kept));
    EXPECT_EQ(std::ranges::adjacent_find(kept), kept.end());
    EXPECT_EQ(kept.front(), 0);
    EXPECT_EQ(kept.back(), points.size() - 1);
    EXPECT_EQ(points[*std::ranges::min_element(kept, value)].value,
              std::ranges::min_element(points, all)->value);
    EXPECT_EQ(points[*std::ranges::max_element(kept, value)].value,
              std::ranges::max_element(points, all)->value);
  }
}

TEST(Downsample, KeepsASpikeOfOnePoint) {
  std::vector<CurvePoint> points(10'000);
  for (size_t i = 0; i < points.size(); ++i) points[i] = {static_cast<int64_t>(i), 1.0};
  points[4321].value = 9;
  EXPECT_THAT(Downsample(points, 20), Contains(4321));
}

TEST(Downsample, KeepsTheFirstPointThatIsNotFinite) {
  std::vector<CurvePoint> points = RandomCurve(1000, 1);
  points[500].value = points[501].value = kNan;
  points[502].value = std::numeric_limits<double>::infinity();
  const std::vector<size_t> kept = Downsample(points, 50);
  EXPECT_THAT(kept, Contains(500));
  EXPECT_LE(kept.size(), 50);
  EXPECT_EQ(std::ranges::count_if(kept, [&](size_t i) { return !std::isfinite(points[i].value); }),
            1);
}

TEST(Downsample, ACurveWithoutAFiniteValueKeepsItsFirstPoint) {
  const std::vector<CurvePoint> points(100, CurvePoint{1, kNan});
  EXPECT_THAT(Downsample(points, 5), ElementsAre(0));
}

// A worked example by hand: of the two inner points of each bucket the one with the larger triangle
// stays.
TEST(Downsample, ChoosesTheLargestTriangles) {
  const std::vector<CurvePoint> points = {{0, 0},  {1, 5}, {2, 0}, {3, 0},
                                          {4, -5}, {5, 0}, {6, 0}, {7, 0}};
  const std::vector<size_t> kept = Downsample(points, 7);
  EXPECT_THAT(kept, Contains(1));
  EXPECT_THAT(kept, Contains(4));
  EXPECT_THAT(kept, SizeIs(4));
}

}  // namespace
}  // namespace fp4::core
