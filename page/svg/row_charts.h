// Charts of named rows, one below the other: the name above, the drawing below it, so that long
// names fit on narrow screens. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fp4::page::svg {

struct IntervalRow {
  std::string name;
  int style = 0;
  std::optional<double> mean;       // not finite counts as absent
  std::optional<double> low, high;  // of the interval; absent: the dot alone
  std::string text;                 // behind the name: the numbers in words
};

struct IntervalChart {
  std::string label, x_title;
  std::vector<IntervalRow> rows;
};

// A dot with its interval for each row, over an axis that has 0 on it and a line there.
// Empty when there is nothing to draw.
std::string DrawIntervalChart(const IntervalChart& chart);

struct BarPart {
  std::string name;
  int style = 0;
  double value = 0;  // 0 or less, and what is not finite, is not drawn
};
struct BarRow {
  std::string name;
  std::vector<BarPart> parts;  // one behind the other
  std::string text;            // behind the name: the sum in words
};
struct BarChart {
  std::string label, x_title;
  std::vector<BarRow> rows;
};

// Empty when there is nothing to draw.
std::string DrawBarChart(const BarChart& chart);

}  // namespace fp4::page::svg
