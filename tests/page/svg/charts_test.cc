// What the charts draw, looked at as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "page/svg/heat_map.h"
#include "page/svg/line_chart.h"
#include "page/svg/markup.h"
#include "page/svg/row_charts.h"
#include "page/svg/scatter_chart.h"

namespace fp4::page::svg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHostile[] = "</title><script>alert(1)</script>\" onload=\"x";

int CountOf(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<int>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {}));
}

// No text of a name becomes an element or an attribute, and every element is closed.
void ExpectHarmless(const std::string& svg) {
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\" onload")));
  for (const char* element : {"svg", "text", "title", "circle"}) {
    const int opened = CountOf(svg, std::string("<") + element + "[ >]");
    EXPECT_EQ(opened, CountOf(svg, std::string("</") + element + ">")) << element;
  }
}

LineChart ChartOf(std::vector<LinePoint> points) {
  LineChart chart{.label = "loss", .x_title = "step", .y_title = "loss", .lines = {}};
  chart.lines.push_back({.name = "a", .points = std::move(points), .band = {}});
  return chart;
}

TEST(LineChartTest, GoesFromCornerToCorner) {
  const std::string svg = DrawLineChart(ChartOf({{0, 1}, {10, 2}}));
  // 4 % of room above and below.
  EXPECT_THAT(svg, HasSubstr("d=\"M0 962.96 1000 37.04\""));
}

TEST(LineChartTest, IsInterruptedWhereAValueIsNotFinite) {
  const std::string svg =
      DrawLineChart(ChartOf({{0, 1}, {1, 2}, {2, NAN}, {3, 2}, {4, 1}, {5, INFINITY}, {6, 1}}));
  EXPECT_EQ(CountOf(svg, "<path"), 2);
  EXPECT_EQ(CountOf(svg, "class=\"dot"), 1) << "a value that stands alone is a dot";
}

TEST(LineChartTest, WithoutAValueIsEmpty) {
  EXPECT_EQ(DrawLineChart(ChartOf({})), "");
  EXPECT_EQ(DrawLineChart(ChartOf({{0, NAN}})), "");
  LineChart chart = ChartOf({{0, 1}, {1, 0.5}});
  chart.log_y = true;
  chart.lines[0].points = {{1, -1}, {2, 0}};
  EXPECT_EQ(DrawLineChart(chart), "");
}

TEST(LineChartTest, AWideBandDoesNotPressTheCurvesFlat) {
  LineChart chart = ChartOf({{0, 1}, {10, 2}});
  chart.lines[0].band = {{0, -500, 500}, {10, 1.9, 2.1}};
  const std::string svg = DrawLineChart(chart);
  EXPECT_THAT(svg, HasSubstr("class=\"band"));
  EXPECT_THAT(svg, Not(HasSubstr("500<")));
}

TEST(LineChartTest, HostileNamesStayTexts) {
  LineChart chart = ChartOf({{0, 1}, {10, 2}});
  chart.label = chart.x_title = chart.y_title = chart.lines[0].name = kHostile;
  ExpectHarmless(DrawLineChart(chart));
}

TEST(IntervalChartTest, HasZeroAndTheIntervalAroundItsDot) {
  const std::string svg =
      DrawIntervalChart({.label = "",
                         .x_title = "d",
                         .rows = {{.name = "a", .mean = 1, .low = -1, .high = 3, .text = "+1"}}});
  // From -1 to 3, and 4 % of room on either side.
  EXPECT_THAT(svg, HasSubstr("class=\"zero\" x1=\"26.85%\""));
  EXPECT_THAT(svg, HasSubstr("x1=\"3.7%\" x2=\"96.3%\""));
  EXPECT_THAT(svg, HasSubstr("cx=\"50%\""));
}

TEST(IntervalChartTest, OneSeedIsADotAlone) {
  const std::string svg =
      DrawIntervalChart({.label = "",
                         .x_title = "d",
                         .rows = {{.name = "a", .mean = 1, .low = {}, .high = {}, .text = ""}}});
  EXPECT_EQ(CountOf(svg, "whisker"), 0);
  EXPECT_EQ(CountOf(svg, "<circle"), 1);
}

TEST(IntervalChartTest, ARowWithoutANumberKeepsItsName) {
  const std::string svg = DrawIntervalChart(
      {.label = kHostile,
       .x_title = kHostile,
       .rows = {{.name = "a", .mean = 1, .low = {}, .high = {}, .text = kHostile},
                {.name = kHostile, .mean = NAN, .low = {}, .high = {}, .text = ""}}});
  EXPECT_EQ(CountOf(svg, "<circle"), 1);
  EXPECT_EQ(CountOf(svg, "class=\"strong\""), 2);
  ExpectHarmless(svg);
  EXPECT_EQ(
      DrawIntervalChart({.label = "",
                         .x_title = "",
                         .rows = {{.name = "a", .mean = NAN, .low = {}, .high = {}, .text = ""}}}),
      "");
}

TEST(ShortNameTest, CutsBetweenCharacters) {
  EXPECT_EQ(ShortName("abcdef", 6), "abcdef");
  EXPECT_EQ(ShortName("abcdefg", 6), "abcde…");
  EXPECT_EQ(ShortName("äöüß", 3), "äö…");
  EXPECT_EQ(ShortName("", 3), "");
}

TEST(BarChartTest, PartsStandOneBehindTheOther) {
  const std::string svg = DrawBarChart(
      {.label = "",
       .x_title = "bytes",
       .rows = {{"a", {{"x", 0, 1}, {"y", 1, NAN}, {"z", 2, 3}}, ""}, {"b", {{"x", 0, 2}}, ""}}});
  EXPECT_THAT(svg, HasSubstr("x=\"0%\" width=\"25%\""));
  EXPECT_THAT(svg, HasSubstr("x=\"25%\" width=\"75%\""));
  EXPECT_THAT(svg, HasSubstr("x=\"0%\" width=\"50%\""));
  EXPECT_EQ(DrawBarChart({.label = "", .x_title = "", .rows = {{"a", {{"x", 0, 0}}, ""}}}), "");
}

HeatMap MapOf(std::vector<std::vector<double>> values) {
  HeatMap map{
      .label = "errors", .x_title = "step", .rows = {}, .columns = {}, .values = std::move(values)};
  for (size_t i = 0; i < map.values.size(); ++i) map.rows.push_back("layer" + std::to_string(i));
  for (size_t i = 0; i < map.values[0].size(); ++i) map.columns.push_back(std::to_string(i * 10));
  return map;
}

TEST(HeatMapTest, ColoursGoFromLowToHighAndBeyondStayAtTheEnd) {
  const std::string svg = DrawHeatMap(MapOf({{0, 0.5, 1, 7, -3}}));
  EXPECT_EQ(CountOf(svg, "class=\"h0\""), 2);
  EXPECT_EQ(CountOf(svg, "class=\"h5\""), 1);
  EXPECT_EQ(CountOf(svg, "class=\"h9\""), 1) << "1 and 7 look alike: one cell";
  EXPECT_THAT(svg, HasSubstr("layer0, step 20 to 30: 1 to 7"));
}

TEST(HeatMapTest, WithoutAValueACellIsEmpty) {
  const std::string svg = DrawHeatMap(MapOf({{NAN, 0.5, INFINITY}}));
  EXPECT_EQ(CountOf(svg, "<rect"), 2);
  EXPECT_THAT(svg, HasSubstr("step 20: Infinity"));
  EXPECT_EQ(DrawHeatMap(MapOf({{NAN, NAN}})), "");
}

TEST(HeatMapTest, HostileNamesStayTexts) {
  HeatMap map = MapOf({{0, 1}});
  map.label = map.x_title = map.rows[0] = map.columns[0] = kHostile;
  ExpectHarmless(DrawHeatMap(map));
}

TEST(ScatterChartTest, TheFrontIsAStepFromPointToPoint) {
  const std::string svg = DrawScatterChart(
      {.label = "",
       .x_title = "bytes",
       .y_title = "loss",
       .points = {{"big", 0, 2, 1, true}, {"small", 1, 1, 2, true}, {"bad", 2, 2, 2, false}}});
  EXPECT_EQ(CountOf(svg, "class=\"dot"), 2);
  EXPECT_EQ(CountOf(svg, "class=\"ring"), 1);
  EXPECT_THAT(svg, ::testing::ContainsRegex(
                       "class=\"front\" d=\"M53.57 [0-9.]+ 946.43 [0-9.]+ 946.43 [0-9.]+\""));
}

TEST(ScatterChartTest, NamesOfNearPointsDoNotLieOnOneAnother) {
  ScatterChart chart{.label = "", .x_title = "", .y_title = "", .points = {}};
  for (int i = 0; i < 8; ++i)
    chart.points.push_back({"v" + std::to_string(i), i, 1, i == 0 ? 5.0 : 1.0, false});
  const std::string svg = DrawScatterChart(chart);
  std::vector<int> heights;
  const std::regex name("class=\"name\" x=\"50%\" y=\"([0-9]+)\"");
  for (std::sregex_iterator it(svg.begin(), svg.end(), name), end; it != end; ++it) {
    heights.push_back(std::stoi((*it)[1]));
  }
  ASSERT_EQ(heights.size(), 8);
  for (size_t i = 1; i < heights.size(); ++i) EXPECT_GE(heights[i] - heights[i - 1], 14);
  EXPECT_LT(heights.back(), 240);
}

TEST(ScatterChartTest, WhatHasNoPlaceIsLeftOut) {
  EXPECT_EQ(DrawScatterChart(
                {.label = "", .x_title = "", .y_title = "", .points = {{"a", 0, NAN, 1, false}}}),
            "");
  ScatterChart chart{.label = kHostile,
                     .x_title = kHostile,
                     .y_title = kHostile,
                     .points = {{kHostile, 0, 1, 1, true}}};
  ExpectHarmless(DrawScatterChart(chart));
}

}  // namespace
}  // namespace fp4::page::svg
