#include "client/plot/plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_split.h"
#include "client/plot/canvas.h"

namespace fp4::client {
namespace {

constexpr Layout kAscii = {.width = 40, .color = false, .unicode = false};

Curve MakeCurve(const std::string& label, const std::vector<std::pair<int64_t, double>>& points,
                int style = 0) {
  Curve curve{.label = label, .style = style, .points = {}};
  for (const auto& [step, value] : points) {
    v1::Point& point = curve.points.emplace_back();
    point.set_step(step);
    point.set_value(value);
  }
  return curve;
}

TEST(CanvasTest, ADiagonalGoesThroughEveryDot) {
  Canvas canvas(3, 3, kAscii, true);
  canvas.Line({0, 0}, {2, 2}, 1);
  EXPECT_EQ(canvas.Rows(), (std::vector<std::string>{"  b", " b", "b"}));
}

TEST(CanvasTest, BrailleHoldsEightDotsInACell) {
  Canvas canvas(1, 1, {.width = 0, .color = false, .unicode = true}, false);
  ASSERT_EQ(canvas.width(), 2);
  ASSERT_EQ(canvas.height(), 4);
  canvas.Line({0, 3}, {0, 3}, 0);
  EXPECT_EQ(canvas.Rows()[0], "⠁");
  canvas.Line({1, 0}, {1, 3}, 0);
  EXPECT_EQ(canvas.Rows()[0], "⢹");
}

TEST(CanvasTest, WhatIsOutsideIsLeftOut) {
  Canvas canvas(2, 2, kAscii, true);
  canvas.Line({-3, 0}, {5, 0}, 0);
  EXPECT_EQ(canvas.Rows(), (std::vector<std::string>{"", "aa"}));
}

TEST(PlotTest, DrawsCurvesBetweenTheirExtremes) {
  const std::vector<Curve> curves = {MakeCurve("fp4 seed 1", {{0, 4}, {10, 2}}),
                                     MakeCurve("baseline seed 1", {{0, 4}, {10, 1}}, 1)};
  const auto text = RenderPlot("val/loss", curves, {.height = 4}, kAscii);
  ASSERT_TRUE(text.ok()) << text.status();
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  EXPECT_EQ(lines[0], "val/loss");
  EXPECT_EQ(lines[1].substr(0, 5), "4 |bb");
  EXPECT_EQ(lines[2].substr(0, 3), "3 |");
  EXPECT_EQ(lines[4].substr(0, 3), "1 |");
  EXPECT_EQ(lines[4].back(), 'b');
  EXPECT_EQ(lines[5], "   0" + std::string(34, ' ') + "10");
  EXPECT_NE(text->find("a  fp4 seed 1"), std::string::npos) << *text;
  for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), 40) << line;
}

TEST(PlotTest, ABandIsShadedAroundItsCurve) {
  Curve curve = MakeCurve("fp4", {{0, 4}, {10, 2}});
  curve.band = {{.step = 0, .n = 2, .mean = 4, .low = 3.5, .high = 4.5},
                {.step = 10, .n = 2, .mean = 2, .low = 1.5, .high = 2.5}};
  const auto text =
      RenderPlot("val/loss", {curve, MakeCurve("b", {{0, 3}}, 1)}, {.height = 7}, kAscii);
  ASSERT_TRUE(text.ok()) << text.status();
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  EXPECT_EQ(lines[1].substr(0, 6), "4.5 |.") << *text;
  EXPECT_EQ(lines[2].substr(5, 1), "a") << *text;
  EXPECT_EQ(lines[7].substr(0, 5), "1.5 |") << *text;
  EXPECT_EQ(lines[7].back(), '.') << *text;
}

TEST(PlotTest, AHugeBandDoesNotPressTheCurvesFlat) {
  Curve curve = MakeCurve("fp4", {{0, 4}, {10, 2}});
  curve.band = {{.step = 0, .n = 2, .mean = 4, .low = -1e300, .high = 1e300},
                {.step = 10, .n = 2, .mean = 2, .low = NAN, .high = NAN}};
  const auto text = RenderPlot("val/loss", {curve}, {.height = 4}, kAscii);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->substr(9, 3), "4 |") << *text;
}

TEST(PlotTest, WhatCannotBeDrawnIsCountedAndNotBridged) {
  const std::vector<Curve> curves = {
      MakeCurve("a", {{0, 1}, {1, 1}, {5, NAN}, {9, 1}, {10, INFINITY}})};
  const auto text = RenderPlot("val/loss", curves, {.height = 3}, kAscii);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("2 points are not drawn: not finite\n"), std::string::npos) << *text;
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  EXPECT_NE(lines[2].find("a   "), std::string::npos) << *text;  // a gap in the level line
}

TEST(PlotTest, ALogarithmicAxisTakesWhatIsAboveZero) {
  const std::vector<Curve> curves = {MakeCurve("a", {{0, 9}, {1, 1}, {10, 10}, {100, 100}})};
  const auto text = RenderPlot("x", curves, {.log_x = true, .log_y = true, .height = 3}, kAscii);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("1 point is not drawn"), std::string::npos) << *text;
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  EXPECT_EQ(lines[2].substr(0, 5), " 10 |") << *text;  // the middle of 1 and 100
}

TEST(PlotTest, NothingToDrawIsAnError) {
  EXPECT_FALSE(RenderPlot("x", {MakeCurve("a", {{1, NAN}})}, {}, kAscii).ok());
  const auto logarithmic = RenderPlot("x", {MakeCurve("a", {{1, -1}})}, {.log_y = true}, kAscii);
  EXPECT_NE(std::string(logarithmic.status().message()).find("on a logarithmic axis"),
            std::string::npos);
}

}  // namespace
}  // namespace fp4::client
