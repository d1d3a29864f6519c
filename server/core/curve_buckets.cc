#include "server/core/curve_buckets.h"

#include <algorithm>
#include <cmath>

namespace fp4::core {
namespace {

CurveBucket BucketOf(std::span<const CurvePoint> points, int64_t step) {
  CurveBucket bucket{.step = step, .first = points.front().step};
  double sum = 0;
  int64_t count = 0;
  for (const CurvePoint& point : points) {
    if (!std::isfinite(point.value)) continue;
    bucket.low = count == 0 ? point.value : std::min(bucket.low, point.value);
    bucket.high = count == 0 ? point.value : std::max(bucket.high, point.value);
    sum += point.value;
    ++count;
  }
  if (count > 0) {
    bucket.mean = sum / static_cast<double>(count);
  } else {
    bucket.mean = bucket.low = bucket.high = points.front().value;
  }
  return bucket;
}

}  // namespace

int64_t BucketWidth(int64_t first, int64_t last, int64_t most) {
  int64_t width = 1;
  while (last / width - first / width >= std::max<int64_t>(most, 1)) width *= 2;
  return width;
}

std::vector<CurveBucket> CurveBuckets(std::span<const CurvePoint> points, int64_t width) {
  std::vector<CurveBucket> buckets;
  for (size_t begin = 0, end = 0; begin < points.size(); begin = end) {
    const int64_t stretch = points[begin].step / width;
    while (end < points.size() && points[end].step / width == stretch) ++end;
    const int64_t middle = stretch * width + (width - 1) / 2;
    buckets.push_back(BucketOf(points.subspan(begin, end - begin),
                               end - begin == 1 ? points[begin].step : middle));
  }
  return buckets;
}

}  // namespace fp4::core
