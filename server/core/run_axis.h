// Where on its way a run is looked at: steps, tokens or seconds of training.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/run_result.h"

namespace fp4::core {

// kEnd and kBytes look at each run's end.
enum class ComparisonAxis : uint8_t { kEnd, kSteps, kTokens, kTime, kBytes };
inline constexpr ComparisonAxis kComparisonAxes[] = {ComparisonAxis::kEnd, ComparisonAxis::kSteps,
                                                     ComparisonAxis::kTokens, ComparisonAxis::kTime,
                                                     ComparisonAxis::kBytes};

// How far a run has come after `step`, in steps, tokens or seconds. Seconds are those of training
// alone: each stretch between two points of train/tokens_per_second took its tokens divided by that
// rate; evaluations, pauses and what a crash lost do not count. Nothing where the run does not say
// (no tokens per step, no rate, a rate of 0). The axis is neither kEnd nor kBytes.
std::optional<double> PositionAt(const RunResult& run, ComparisonAxis axis, int64_t step);

// The seconds that the whole run trained.
std::optional<double> TrainSeconds(const RunResult& run);

// The mean of the last `last` points of a curve, of those at positions up to `limit` (nothing: of
// all); nothing where there are fewer. Not finite when one of them is not.
std::optional<double> ValueAt(const RunResult& run, const std::vector<CurvePoint>& curve,
                              ComparisonAxis axis, std::optional<double> limit, int64_t last);

// The position at which the completed ones among `runs` are looked at: for steps and tokens what
// all have reached, for time the end of the variant that takes the most seconds a token (the last
// of its runs). Nothing for kEnd and kBytes, and where no run says.
std::optional<double> CommonLimit(std::span<const RunResult> runs, ComparisonAxis axis);

}  // namespace fp4::core
