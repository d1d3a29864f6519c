// A curve as means over equal stretches of steps: curves of several runs that were cut alike can be
// drawn, averaged and compared point by point.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "server/core/downsample.h"

namespace fp4::core {

struct CurveBucket {
  int64_t step = 0;                    // the middle of the stretch; of a single point its own
  int64_t first = 0;                   // of its first point
  double mean = 0, low = 0, high = 0;  // of its finite values; not finite where it has none
};

// The least power of two so that stretches of so many steps, the first one beginning at a multiple
// of it, cover first … last with at most `most` of them. A run that goes on, and a part that is
// looked at more closely, keep the places of their stretches for as long as the width stays.
int64_t BucketWidth(int64_t first, int64_t last, int64_t most);

// `points` are ordered by step. With width 1 each point is a bucket of its own. A stretch without
// points has no bucket; one whose values are all not finite has the first of them as its mean, low
// and high. Linear time, pure.
std::vector<CurveBucket> CurveBuckets(std::span<const CurvePoint> points, int64_t width);

}  // namespace fp4::core
