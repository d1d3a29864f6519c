#include "server/core/downsample.h"

#include <algorithm>
#include <cmath>

namespace fp4::core {
namespace {

// Twice the area of the triangle a, b, c.
double Area(const CurvePoint& a, const CurvePoint& b, double c_step, double c_value) {
  const double ab_step = static_cast<double>(b.step - a.step);
  const double ac_step = c_step - static_cast<double>(a.step);
  return std::abs(ab_step * (c_value - a.value) - ac_step * (b.value - a.value));
}

struct Bucket {
  size_t begin, end;
};

// Bucket number `i` of `num_buckets` over the inner points 1 … size-2.
Bucket InnerBucket(size_t size, size_t num_buckets, size_t i) {
  const size_t inner = size - 2;
  return {1 + i * inner / num_buckets, 1 + (i + 1) * inner / num_buckets};
}

CurvePoint Largest(std::span<const CurvePoint> points, std::span<const size_t> index, Bucket bucket,
                   const CurvePoint& previous, Bucket next, size_t& chosen) {
  double mean_step = 0, mean_value = 0;
  const double count = static_cast<double>(next.end - next.begin);
  for (size_t j = next.begin; j < next.end; ++j) {
    mean_step += static_cast<double>(points[index[j]].step) / count;
    mean_value += points[index[j]].value / count;
  }
  double largest = -1;
  for (size_t j = bucket.begin; j < bucket.end; ++j) {
    const double area = Area(previous, points[index[j]], mean_step, mean_value);
    if (area > largest) {
      largest = area;
      chosen = index[j];
    }
  }
  return points[chosen];
}

// `index` names the finite points; `count` of them, at least 2, are appended to `kept`.
void KeepLargestTriangles(std::span<const CurvePoint> points, std::span<const size_t> index,
                          size_t count, std::vector<size_t>& kept) {
  if (index.size() <= count) {
    kept.insert(kept.end(), index.begin(), index.end());
    return;
  }
  kept.push_back(index.front());
  kept.push_back(index.back());
  const size_t num_buckets = count - 2;
  CurvePoint previous = points[index.front()];
  for (size_t i = 0; i < num_buckets; ++i) {
    const Bucket bucket = InnerBucket(index.size(), num_buckets, i);
    const Bucket next = i + 1 < num_buckets ? InnerBucket(index.size(), num_buckets, i + 1)
                                            : Bucket{index.size() - 1, index.size()};
    size_t chosen = index[bucket.begin];
    previous = Largest(points, index, bucket, previous, next, chosen);
    kept.push_back(chosen);
  }
}

}  // namespace

std::vector<size_t> Downsample(std::span<const CurvePoint> points, size_t max_points) {
  std::vector<size_t> finite, kept;
  for (size_t i = 0; i < points.size(); ++i) {
    if (std::isfinite(points[i].value) || points.size() <= max_points) {
      finite.push_back(i);
    } else if (kept.empty()) {
      kept.push_back(i);
    }
  }
  if (points.size() <= max_points || finite.empty()) return finite.empty() ? kept : finite;

  auto by_value = [&](size_t a, size_t b) { return points[a].value < points[b].value; };
  const auto [lowest, highest] = std::minmax_element(finite.begin(), finite.end(), by_value);
  kept.push_back(*lowest);
  kept.push_back(*highest);
  KeepLargestTriangles(points, finite, std::max(max_points, kMinDownsampledPoints) - 3, kept);
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

}  // namespace fp4::core
