// Fewer points of a curve that still look like it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fp4::core {

struct CurvePoint {
  int64_t step = 0;
  double value = 0;  // may be NaN or infinite
};

// What is always kept: the first, the last, the lowest and the highest finite point, and the first
// that is not finite.
inline constexpr size_t kMinDownsampledPoints = 5;

// Indices, rising, of at most `max_points` of the points, which are ordered by step; all of them
// when there are no more. `max_points` is at least kMinDownsampledPoints. Between what is always
// kept, largest-triangle-three-buckets over the finite points (Steinarsson, "Downsampling Time
// Series for Visual Representation", 2013, section 4.2). Linear time, pure.
std::vector<size_t> Downsample(std::span<const CurvePoint> points, size_t max_points);

}  // namespace fp4::core
