#include "server/core/run_axis.h"

#include <algorithm>
#include <map>

#include "base/statistics.h"

namespace fp4::core {
namespace {

// What one variant's completed runs trained on and how long that took.
struct Pace {
  double tokens = 0, seconds = 0, last_end = 0;
};

int64_t LastStep(const RunResult& run) { return run.curve.empty() ? 0 : run.curve.back().step; }

std::optional<double> TokensPerStep(const RunResult& run) {
  const std::optional<double> tokens = run.started().tokens_per_step;
  return tokens && *tokens > 0 ? tokens : std::nullopt;
}

std::optional<double> SecondsAt(const RunResult& run, int64_t step) {
  const std::optional<double> tokens_per_step = TokensPerStep(run);
  if (!tokens_per_step || run.throughput.empty()) return std::nullopt;
  double seconds = 0;
  int64_t from = 0;
  for (size_t i = 0; i < run.throughput.size() && from < step; ++i) {
    const CurvePoint& point = run.throughput[i];
    if (!(point.value > 0)) return std::nullopt;
    const bool is_last = i + 1 == run.throughput.size();  // its rate holds for what comes after
    const int64_t to = is_last ? step : std::min(point.step, step);
    if (to <= from) continue;
    seconds += static_cast<double>(to - from) * *tokens_per_step / point.value;
    from = to;
  }
  return seconds;
}

std::optional<double> SlowestEnd(std::span<const RunResult> runs) {
  std::map<std::string, Pace> paces;
  for (const RunResult& run : runs) {
    const std::optional<double> seconds = TrainSeconds(run);
    if (run.state != RunState::kCompleted || !seconds || *seconds <= 0) continue;
    Pace& pace = paces[run.variant];
    pace.tokens += *PositionAt(run, ComparisonAxis::kTokens, LastStep(run));
    pace.seconds += *seconds;
    pace.last_end = std::max(pace.last_end, *seconds);
  }
  if (paces.empty()) return std::nullopt;
  return std::ranges::max_element(
             paces, {},
             [](const auto& entry) { return entry.second.seconds / entry.second.tokens; })
      ->second.last_end;
}

}  // namespace

std::optional<double> PositionAt(const RunResult& run, ComparisonAxis axis, int64_t step) {
  switch (axis) {
    case ComparisonAxis::kSteps:
      return static_cast<double>(step);
    case ComparisonAxis::kTokens:
      if (const auto tokens = TokensPerStep(run)) {
        return static_cast<double>(step) * *tokens;
      }
      return std::nullopt;
    case ComparisonAxis::kTime:
      return SecondsAt(run, step);
    case ComparisonAxis::kEnd:
    case ComparisonAxis::kBytes:
      break;
  }
  return std::nullopt;
}

std::optional<double> TrainSeconds(const RunResult& run) {
  if (run.throughput.empty()) return std::nullopt;
  return SecondsAt(run, std::max(LastStep(run), run.throughput.back().step));
}

std::optional<double> ValueAt(const RunResult& run, const std::vector<CurvePoint>& curve,
                              ComparisonAxis axis, std::optional<double> limit, int64_t last) {
  size_t end = curve.size();
  if (limit) {
    const auto within = [&](const CurvePoint& point) {
      const std::optional<double> position = PositionAt(run, axis, point.step);
      return position && *position <= *limit;
    };
    end = static_cast<size_t>(std::ranges::partition_point(curve, within) - curve.begin());
  }
  if (last < 1 || end < static_cast<size_t>(last)) return std::nullopt;
  double sum = 0;
  for (size_t i = end - static_cast<size_t>(last); i < end; ++i) sum += curve[i].value;
  return sum / static_cast<double>(last);
}

std::optional<double> CommonLimit(std::span<const RunResult> runs, ComparisonAxis axis) {
  if (axis == ComparisonAxis::kEnd || axis == ComparisonAxis::kBytes) return std::nullopt;
  if (axis == ComparisonAxis::kTime) return SlowestEnd(runs);
  std::optional<double> limit;
  for (const RunResult& run : runs) {
    if (run.state != RunState::kCompleted || run.curve.empty()) continue;
    const std::optional<double> end = PositionAt(run, axis, LastStep(run));
    if (end) limit = std::min(limit.value_or(*end), *end);
  }
  return limit;
}

}  // namespace fp4::core
