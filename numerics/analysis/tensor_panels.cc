#include "numerics/analysis/tensor_panels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerics/arithmetic/random.h"

namespace fp4::numerics::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Part `i` of `parts` of [0, size): where it begins. The products stay below 2^63: sizes are below
// 2^50 and parts a few thousand.
int64_t PartBegin(int64_t size, int64_t parts, int64_t i) { return size * i / parts; }

ErrorStretch MeasureStretch(std::span<const float> original, std::span<const float> decoded,
                            int64_t begin, int64_t end) {
  ErrorStretch stretch{begin, kNaN, kNaN};
  double sum = 0, largest = 0;
  int64_t count = 0;
  for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
    const double error = std::fabs(double{original[i]} - double{decoded[i]});
    if (!std::isfinite(error)) continue;
    sum += error;
    largest = std::max(largest, error);
    ++count;
  }
  if (count == 0) return stretch;
  stretch.mean_abs_error = sum / static_cast<double>(count);
  stretch.max_abs_error = largest;
  return stretch;
}

std::vector<ErrorStretch> MeasureStretches(std::span<const float> original,
                                           std::span<const float> decoded, int64_t max_stretches) {
  const auto size = static_cast<int64_t>(original.size());
  const int64_t parts = std::min(size, max_stretches);
  std::vector<ErrorStretch> stretches;
  for (int64_t i = 0; i < parts; ++i) {
    stretches.push_back(MeasureStretch(original, decoded, PartBegin(size, parts, i),
                                       PartBegin(size, parts, i + 1)));
  }
  return stretches;
}

}  // namespace

std::vector<SamplePoint> SamplePairs(std::span<const float> original,
                                     std::span<const float> decoded, int64_t max_points) {
  const auto size = static_cast<int64_t>(original.size());
  const int64_t parts = std::min(size, max_points);
  std::vector<SamplePoint> sample;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = PartBegin(size, parts, i), end = PartBegin(size, parts, i + 1);
    const uint64_t hash = MixBits(static_cast<uint64_t>(i) + 1);
    const int64_t index = begin + static_cast<int64_t>(hash % static_cast<uint64_t>(end - begin));
    sample.push_back(
        {index, original[static_cast<size_t>(index)], decoded[static_cast<size_t>(index)]});
  }
  return sample;
}

// The means are taken off first, so that a large common offset does not cancel the covariance away.
double Correlation(std::span<const float> original, std::span<const float> decoded) {
  const auto for_each = [&](auto&& visit) {
    for (size_t i = 0; i < original.size(); ++i) {
      if (std::isfinite(original[i]) && std::isfinite(decoded[i])) visit(original[i], decoded[i]);
    }
  };
  double count = 0, sum_x = 0, sum_y = 0;
  double low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  for_each([&](double x, double y) {
    if (count == 0) low_x = high_x = x, low_y = high_y = y;
    ++count, sum_x += x, sum_y += y;
    low_x = std::min(low_x, x), high_x = std::max(high_x, x);
    low_y = std::min(low_y, y), high_y = std::max(high_y, y);
  });
  if (low_x == high_x || low_y == high_y) return kNaN;  // or no value at all
  const double mean_x = sum_x / count, mean_y = sum_y / count;
  double xx = 0, yy = 0, xy = 0;
  for_each([&](double x, double y) {
    const double dx = x - mean_x, dy = y - mean_y;
    xx += dx * dx, yy += dy * dy, xy += dx * dy;
  });
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

TensorPanels MakeTensorPanels(std::span<const float> original, std::span<const float> decoded,
                              const PanelLimits& limits) {
  TensorPanels panels;
  panels.sample = SamplePairs(original, decoded, limits.max_sample);
  panels.errors = MeasureStretches(original, decoded, limits.max_stretches);
  const BinRange range = Union(RangeOf(original), RangeOf(decoded));
  panels.original = CountValues(original, range, limits.num_bins);
  panels.decoded = CountValues(decoded, range, limits.num_bins);
  panels.correlation = Correlation(original, decoded);
  return panels;
}

}  // namespace fp4::numerics::analysis
