#pragma once

#include <string>
#include <vector>

namespace fp4::page::svg {

inline constexpr int kNumHeatLevels = 10;

struct HeatMap {
  std::string label;
  std::string x_title;
  std::vector<std::string> rows;            // names, the top one first
  std::vector<std::string> columns;         // names; some are written below, where there is room
  std::vector<std::vector<double>> values;  // [row][column]; NaN: no value there
  double low = 0, high = 1;                 // what the faintest and the strongest colour mean
};

// Cells in ten steps of one colour between `low` and `high`; values outside have the colour of that
// end, an infinity too. Neighbours in a row that look alike are one cell, whose text names the
// range of its values. Empty when there is no value at all. Pure and thread-safe.
std::string DrawHeatMap(const HeatMap& map);

// The scale of those colours with its two ends.
std::string DrawHeatScale(double low, double high);

}  // namespace fp4::page::svg
