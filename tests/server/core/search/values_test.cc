#include "server/core/search/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

namespace fp4::core {
namespace {

using spec::AxisType;
using spec::SearchMethod;
using ::testing::ElementsAre;

spec::SearchAxis Axis(AxisType type, double min, double max, int64_t count = 0) {
  spec::SearchAxis axis;
  axis.field = "x";
  axis.type = type;
  axis.min = min;
  axis.max = max;
  axis.count = count;
  return axis;
}

spec::SearchAxis ChoiceOf(std::vector<std::string> choices) {
  spec::SearchAxis axis;
  axis.field = "c";
  axis.type = AxisType::kChoice;
  axis.count = static_cast<int64_t>(choices.size());
  axis.choices = std::move(choices);
  return axis;
}

spec::SearchSpec Of(SearchMethod method, std::vector<spec::SearchAxis> axes) {
  spec::SearchSpec search;
  search.method = method;
  search.max_trials = method == SearchMethod::kGrid ? 0 : 16;
  search.axes = std::move(axes);
  return search;
}

std::vector<std::string> GridOf(const spec::SearchAxis& axis) {
  const spec::SearchSpec search = Of(SearchMethod::kGrid, {axis});
  std::vector<std::string> values;
  for (int64_t i = 0; i < NumPoints(search); ++i) {
    values.push_back(PointValues(search, i)[0].json);
  }
  return values;
}

TEST(PointValues, OfAGridAreEvenlyPlacedWithBothEnds) {
  struct Row {
    spec::SearchAxis axis;
    std::vector<std::string> values;
  };
  const Row rows[] = {
      {Axis(AxisType::kUniform, 0, 1, 5), {"0", "0.25", "0.5", "0.75", "1"}},
      {Axis(AxisType::kUniform, 0, 1, 1), {"0.5"}},
      {Axis(AxisType::kUniform, 0.1, 0.3, 2), {"0.1", "0.3"}},
      // round(a + i (b - a) / (c - 1))
      {Axis(AxisType::kInt, 1, 8, 3), {"1", "5", "8"}},
      {Axis(AxisType::kInt, 1, 4, 4), {"1", "2", "3", "4"}},
      {Axis(AxisType::kInt, 2, 8, 1), {"5"}},
      {Axis(AxisType::kLogInt, 1, 64, 4), {"1", "4", "16", "64"}},
      {ChoiceOf({"\"adamw\"", "\"muon\""}), {"\"adamw\"", "\"muon\""}},
  };
  for (const Row& row : rows) EXPECT_EQ(GridOf(row.axis), row.values);
  const std::vector<std::string> logs = GridOf(Axis(AxisType::kLogUniform, 1e-4, 1e-2, 3));
  EXPECT_EQ(logs.front(), "1e-04");
  EXPECT_EQ(logs.back(), "0.01");
  EXPECT_NEAR(std::atof(logs[1].c_str()), 1e-3, 1e-15);
}

TEST(PointValues, OfAGridAreAllCombinationsTheLastAxisFastest) {
  spec::SearchAxis numbers = Axis(AxisType::kInt, 1, 2, 2);
  const spec::SearchSpec search = Of(SearchMethod::kGrid, {numbers, ChoiceOf({"true", "false"})});
  std::vector<std::string> points;
  for (int64_t i = 0; i < NumPoints(search); ++i) {
    points.push_back(ValuesJson(PointValues(search, i)));
  }
  EXPECT_THAT(points, ElementsAre(R"({"x":1,"c":true})", R"({"x":1,"c":false})",
                                  R"({"x":2,"c":true})", R"({"x":2,"c":false})"));
}

TEST(NumPoints, OfAGridIsAtMostMaxTrials) {
  spec::SearchSpec search = Of(SearchMethod::kGrid, {Axis(AxisType::kInt, 1, 8, 8)});
  EXPECT_EQ(NumPoints(search), 8);
  search.max_trials = 5;
  EXPECT_EQ(NumPoints(search), 5);
  search.max_trials = 50;
  EXPECT_EQ(NumPoints(search), 8);
}

TEST(PointValues, WhenDrawnDependOnSeedFieldAndPointAlone) {
  const spec::SearchAxis rate = Axis(AxisType::kLogUniform, 1e-4, 1e-2);
  spec::SearchAxis other = rate;
  other.field = "y";
  const spec::SearchSpec alone = Of(SearchMethod::kRandom, {rate});
  spec::SearchSpec both = Of(SearchMethod::kAsha, {other, rate});
  EXPECT_EQ(PointValues(alone, 7)[0].json, PointValues(both, 7)[1].json);
  EXPECT_NE(PointValues(both, 7)[0].json, PointValues(both, 7)[1].json);
  EXPECT_NE(PointValues(alone, 7)[0].json, PointValues(alone, 8)[0].json);
  const std::string before = PointValues(both, 7)[1].json;
  both.seed = 1;
  EXPECT_NE(PointValues(both, 7)[1].json, before);
}

// A value that changes would give every stored search other trials.
TEST(PointValues, WhenDrawnStayWhatTheyWereInEveryRelease) {
  spec::SearchAxis rate = Axis(AxisType::kUniform, 0, 1);
  rate.field = "optimizer.learning_rate";
  const spec::SearchSpec search = Of(SearchMethod::kRandom, {rate});
  EXPECT_THAT((std::vector{PointValues(search, 0)[0].json, PointValues(search, 1)[0].json,
                           PointValues(search, 2)[0].json}),
              ElementsAre("0.08698195733938163", "0.08983770647538969", "0.923131999429848"));
}

TEST(PointValues, WhenDrawnFillTheirRangeEvenly) {
  constexpr int kPoints = 8000;
  std::map<std::string, int> whole, logs, choices;
  const spec::SearchSpec search =
      Of(SearchMethod::kRandom, {Axis(AxisType::kInt, 1, 4), ChoiceOf({"1", "2"})});
  const spec::SearchSpec log = Of(SearchMethod::kRandom, {Axis(AxisType::kLogInt, 1, 3)});
  for (int i = 0; i < kPoints; ++i) {
    ++whole[PointValues(search, i)[0].json];
    ++choices[PointValues(search, i)[1].json];
    ++logs[PointValues(log, i)[0].json];
  }
  ASSERT_EQ(whole.size(), 4u);
  for (const auto& [value, count] : whole) EXPECT_NEAR(count, kPoints / 4.0, 200) << value;
  for (const auto& [value, count] : choices) EXPECT_NEAR(count, kPoints / 2.0, 200) << value;
  // Even in the logarithm from 0.5 to 3.5: ln 3, ln 5/3 and ln 7/5 of ln 7.
  ASSERT_EQ(logs.size(), 3u);
  EXPECT_NEAR(logs["1"], kPoints * std::log(3.0) / std::log(7.0), 200);
  EXPECT_NEAR(logs["2"], kPoints * std::log(5.0 / 3) / std::log(7.0), 200);
}

}  // namespace
}  // namespace fp4::core
