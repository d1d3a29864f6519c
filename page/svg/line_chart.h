#pragma once

#include <string>
#include <vector>

namespace fp4::page::svg {

struct LinePoint {
  double x = 0, y = 0;
};
struct BandPoint {
  double x = 0, low = 0, high = 0;
};

struct Line {
  std::string name;
  int style = 0;
  bool faint = false;             // background: thin and grey, without texts
  std::vector<LinePoint> points;  // by rising x
  std::vector<BandPoint> band;    // by rising x; empty: none
};

struct LineChart {
  std::string label;  // what it shows, for those who do not see it
  std::string x_title, y_title;
  bool log_x = false, log_y = false;
  std::vector<Line> lines;
};

// Curves with bands around them over one pair of axes. A line is interrupted where a value has no
// place (not finite; not above 0 on a logarithmic axis), and a value that stands alone is a dot.
// The axes cover all lines; a band reaches no further than its lines' range on either side. Empty
// when no value can be drawn.
std::string DrawLineChart(const LineChart& chart);

}  // namespace fp4::page::svg
