#include "numerics/analysis/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fp4::numerics::analysis {

BinRange RangeOf(std::span<const float> values) {
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0, squares = 0;
  int64_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) return {-0.5, 0.5};
  if (low == high) {
    const double half = low == 0 ? 0.5 : std::fabs(low) / 2;
    return {low - half, high + half};
  }
  const double mean = sum / static_cast<double>(count);
  const double variance = std::max(0.0, squares / static_cast<double>(count) - mean * mean);
  const double reach = 6 * std::sqrt(variance);
  if (reach == 0) return {low, high};  // the spread drowned in the rounding of the sums
  return {std::max(low, mean - reach), std::min(high, mean + reach)};
}

BinRange Union(BinRange a, BinRange b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

Histogram CountValues(std::span<const float> values, BinRange range, int num_bins) {
  Histogram histogram;
  histogram.range = range;
  histogram.counts.resize(static_cast<size_t>(num_bins));
  const double bins_per_unit = num_bins / (range.high - range.low);
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    ++histogram.total;
    histogram.outside += value < range.low || value > range.high;
    const double bin = std::floor((value - range.low) * bins_per_unit);
    ++histogram.counts[static_cast<size_t>(std::clamp(bin, 0.0, num_bins - 1.0))];
  }
  return histogram;
}

}  // namespace fp4::numerics::analysis
