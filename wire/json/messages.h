// The wire's messages as JSON: what `fp4ctl … -o json` prints and what the controller's HTTP API
// answers, made once for both. Each function gives one JSON value on one line, without a newline at
// its end; a number that is not finite is "NaN", "Infinity" or "-Infinity"; times are as in event
// logs; bytes that are not UTF-8 are replaced. Pure; no errors.
#pragma once

#include <string>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::wire {

// With its document and its runs.
std::string ExperimentJson(const v1::Experiment& experiment);
std::string ExperimentsJson(const std::vector<v1::Experiment>& experiments);
// With its document, where the message has one.
std::string RunJson(const v1::Run& run);
std::string RunsJson(const std::vector<v1::Run>& runs);

// [{"step", "value", "attempt"}]
std::string PointsJson(const v1::Series& series);
// An array of texts.
std::string NamesJson(const std::vector<std::string>& names);

struct RunSeries {
  v1::Run run;
  v1::Series series;
};
// [{"run", "variant", "seed", "points": [{"step", "value", "attempt"}]}]; with the series' "name"
// before the points where there are several metrics.
enum class SeriesNamed : uint8_t { kNo, kYes };
std::string RunSeriesJson(const std::vector<RunSeries>& all, SeriesNamed named = SeriesNamed::kNo);

// {"experiment", "metric", "reference", "at", …, "variants": [{"name", "n", "mean", "std",
// "difference": {"mean", "ci95"}, "verdict": {"kind", "text", "p_holm", "seeds_needed"}, …}],
// "pareto", "warnings"}
std::string ComparisonJson(const v1::CompareResponse& comparison);

// [{"id", "name", "host", …, "slots": [{"index", "kind", …, "run"}]}]
std::string WorkersJson(const v1::ListWorkersResponse& workers);

// [{"run", "position", "why", "needs"}]
std::string QueueJson(const v1::ListQueueResponse& queue);

// The event as the trainer wrote it, with "run" and "cursor"; a change of state has the type
// "state" and no "seq". Empty for a kind that this program does not know: it is passed over.
std::string EventJson(const v1::Event& event);

}  // namespace fp4::wire
