// The points of several series, step by step. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::wire {

// The points of one step, by series; null: that series has none there.
using StepRow = std::vector<const v1::Point*>;

// Calls `visit` for each step at which any of the series has a point, in rising order. Each series
// is sorted by step already, as QueryMetrics gives it.
void VisitSteps(const std::vector<v1::Series>& series,
                const std::function<void(int64_t step, const StepRow&)>& visit);

}  // namespace fp4::wire
