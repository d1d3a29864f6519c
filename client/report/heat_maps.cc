#include <algorithm>
#include <cmath>
#include <limits>

#include "client/report/sections.h"

namespace fp4::client::report {

namespace {

struct Range {
  double low = 0, high = 1;
};

Range RangeOf(const std::vector<page::svg::HeatMap>& maps) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const page::svg::HeatMap& map : maps) {
    for (const std::vector<double>& row : map.values) {
      for (const double value : row) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  if (low > high) return {};  // there is no value
  return {.low = low, .high = high > low ? high : low + 1};
}

}  // namespace

Pictures HeatMapsOfOneScale(std::vector<page::svg::HeatMap> maps,
                            const std::vector<std::string>& titles) {
  const auto [low, high] = RangeOf(maps);
  Pictures pictures;
  for (size_t i = 0; i < maps.size(); ++i) {
    maps[i].low = low;
    maps[i].high = high;
    pictures.pictures.push_back({.title = titles[i], .svg = DrawHeatMap(maps[i]), .caption = ""});
  }
  pictures.pictures.front().svg =
      page::svg::DrawHeatScale(low, high) + pictures.pictures.front().svg;
  return pictures;
}

}  // namespace fp4::client::report
