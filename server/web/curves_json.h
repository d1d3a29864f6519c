// Curves as the texts that the HTTP API answers with. Pure.
#pragma once

#include <string>

#include "server/core/curve_buckets.h"
#include "server/web/curves.h"

namespace fp4::web {

// As `fp4ctl metrics … -o json`: the points alone for one run, else an object for each run.
enum class PointsOf : uint8_t { kOneRun, kRuns, kRunsAndNames };
std::string CurvesJson(const Curves& curves, PointsOf what);

// A curve that was cut into stretches, for one that draws it.
struct BucketedCurve {
  store::CurveRecord curve;  // without its points
  std::vector<core::CurveBucket> buckets;
};
// {"width", "curves": [{"run", "variant", "seed", "name", "steps": […], "mean": […], "low", "high",
// "special": [[step, "NaN"], …]}]}: columns of equal length, null where a value is not finite and
// "special" says what it is. With width 1 "low" and "high" equal "mean" and are left out.
std::string BucketsJson(const std::vector<BucketedCurve>& curves, int64_t width);

// "run,variant,seed,name,step,value", a line for each point.
std::string CurvesCsv(const Curves& curves);

}  // namespace fp4::web
