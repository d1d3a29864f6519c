#include "client/plot/bands.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/statistics.h"

namespace fp4::client {
namespace {

std::vector<int64_t> StepsOf(const std::vector<std::vector<v1::Point>>& curves, size_t most) {
  std::vector<int64_t> steps;
  for (const std::vector<v1::Point>& curve : curves) {
    for (const v1::Point& point : curve) steps.push_back(point.step());
  }
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  if (steps.size() <= most || most < 2) return steps;
  std::vector<int64_t> taken;
  for (size_t i = 0; i < most; ++i) taken.push_back(steps[i * (steps.size() - 1) / (most - 1)]);
  return taken;
}

// Nothing outside of the curve.
std::optional<double> ValueAt(const std::vector<v1::Point>& curve, int64_t step) {
  const auto after = std::ranges::lower_bound(curve, step, {}, &v1::Point::step);
  if (after == curve.end()) return std::nullopt;
  if (after->step() == step) return after->value();
  if (after == curve.begin()) return std::nullopt;
  const v1::Point& before = *(after - 1);
  const double share = static_cast<double>(step - before.step()) /
                       static_cast<double>(after->step() - before.step());
  return before.value() + share * (after->value() - before.value());
}

MeanPoint PointOf(int64_t step, const std::vector<double>& values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  MeanPoint point{.step = step,
                  .n = static_cast<int>(values.size()),
                  .mean = Mean(values),
                  .low = kNone,
                  .high = kNone};
  if (values.size() >= 2) {
    const ConfidenceInterval interval = MeanInterval95(values);
    point.low = interval.low;
    point.high = interval.high;
  }
  return point;
}

}  // namespace

std::vector<MeanPoint> MeanOverSeeds(const std::vector<std::vector<v1::Point>>& curves,
                                     size_t most) {
  std::vector<MeanPoint> means;
  for (const int64_t step : StepsOf(curves, most)) {
    std::vector<double> values;
    for (const std::vector<v1::Point>& curve : curves) {
      if (const std::optional<double> value = ValueAt(curve, step)) values.push_back(*value);
    }
    means.push_back(PointOf(step, values));
  }
  return means;
}

}  // namespace fp4::client
