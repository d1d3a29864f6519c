#pragma once

#include <string>
#include <vector>

namespace fp4::page::svg {

struct ScatterPoint {
  std::string name;
  int style = 0;
  double x = 0, y = 0;
  bool on_front = false;  // no other point beats it
};

struct ScatterChart {
  std::string label;
  std::string x_title, y_title;
  bool log_x = false;
  std::vector<ScatterPoint> points;
};

// Dots with their names, those on the front filled and joined by a stepped line: to its right and
// above it lies what the front beats. Names are left out where there are more than a dozen, and
// moved apart where they would lie on one another. Empty when no point has a place. Pure and
// thread-safe.
std::string DrawScatterChart(const ScatterChart& chart);

}  // namespace fp4::page::svg
