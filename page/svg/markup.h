// The elements that every chart is made of. A chart is an <svg> as wide as the page lets it, whose
// places across are percentages and whose letters and lines keep their size on every screen; labels
// stand outside of it, in the margins that chart.css leaves. Colours come from chart.css, by class:
// "s0" … "s5" for series, in six colours, then with dashes "d1" … Every function is pure and
// thread-safe; texts are escaped here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "page/svg/axis.h"

namespace fp4::page::svg {

inline constexpr int kNumColors = 6, kNumDashes = 4;
inline constexpr int kNumStyles = kNumColors * kNumDashes;  // beyond, styles repeat

// "s2 d1": the classes of a series' colour and dashes; a negative style is grey.
std::string StyleClass(int style);

struct Frame {
  std::string_view label;  // what the picture shows, for those who do not see it
  int height = 240;        // pixels, without the margins
  std::string_view margin =
      "wide";  // a class of chart.css: "wide" leaves room for numbers at the left
};

// The picture around its `content`.
std::string Draw(const Frame& frame, std::string_view content);

// Lines of the grid with their labels: `x` below, `y` at the left, and the axes' titles.
std::string Grid(const Axis& x, const Axis& y);
// Only those of `x`, over all the height.
std::string VerticalGrid(const Axis& x);

// Shapes in a square of 1000 by 1000, stretched over the whole chart.
std::string Stretched(std::string_view shapes);
struct Spot {
  double x = 0, y = 0;  // shares of width and height, y upwards
};
// A line through the spots, for Stretched. Empty for fewer than two.
std::string Path(const std::vector<Spot>& spots, std::string_view classes);
// A closed area: along `upper`, back along `lower`, both from left to right.
std::string Area(const std::vector<Spot>& upper, const std::vector<Spot>& lower,
                 std::string_view classes);

// A round dot with a text that shows where the pointer rests on it.
std::string Dot(Spot at, double radius, std::string_view classes, std::string_view tip);

// At most `most` characters of a name, the last one "…" when something was cut: names may be longer
// than pictures are wide. What is not UTF-8 may be cut anywhere.
std::string ShortName(std::string_view name, size_t most);

// Text at a share of the width and `y` pixels from the top; `anchor` is start, middle or end.
std::string TextAt(double x_share, int y, std::string_view text, std::string_view classes,
                   std::string_view anchor = "start");

}  // namespace fp4::page::svg
