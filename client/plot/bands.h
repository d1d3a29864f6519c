// Curves of several seeds as one: their mean and its interval. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

struct MeanPoint {
  int64_t step = 0;
  int n = 0;                 // curves that reach this step
  double mean = 0;           // of their values; not finite where one of them is not
  double low = 0, high = 0;  // 95 %, Student's t; NaN for fewer than two curves
};

// The mean at each step at which any curve has a point, by step. A curve takes part from its first
// point to its last one; where it has none at that step (the server has thinned it), it is
// interpolated between its neighbours. Of more than `most` steps, so many are taken, evenly. Each
// curve is sorted by step.
std::vector<MeanPoint> MeanOverSeeds(const std::vector<std::vector<v1::Point>>& curves,
                                     size_t most);

}  // namespace fp4::client
