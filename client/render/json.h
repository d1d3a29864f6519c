// What `-o json` prints. Each function gives one JSON value on one line, without a newline at its
// end; a number that is not finite is "NaN", "Infinity" or "-Infinity"; times are as in event logs.
#pragma once

#include <string>
#include <vector>

#include "client/local/endpoints.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// {"experiment": ID, "runs": [{"id", "variant", "seed"}]}
std::string SubmissionJson(const v1::Experiment& experiment);
std::string ExperimentJson(const v1::Experiment& experiment);
std::string ExperimentsJson(const std::vector<v1::Experiment>& experiments);
std::string RunJson(const v1::Run& run);
std::string RunsJson(const std::vector<v1::Run>& runs);
std::string WorkersJson(const v1::ListWorkersResponse& workers);

// [{"step", "value", "attempt"}]
std::string PointsJson(const v1::Series& series);
// The names of the series.
std::string SeriesNamesJson(const v1::QueryMetricsResponse& response);

struct RunSeries {
  v1::Run run;
  v1::Series series;
};
// [{"run", "variant", "seed", "points": [{"step", "value", "attempt"}]}]
std::string RunSeriesJson(const std::vector<RunSeries>& all);

// {"experiment", "metric", "reference", "variants": [{"name", "n", "mean", "std", "difference":
// {"mean", "ci95"}, …}]}
std::string ComparisonJson(const v1::CompareResponse& comparison);

// The event as the trainer wrote it, with "run" and "cursor"; a change of state has the type
// "state" and no "seq".
std::string EventJson(const v1::Event& event);

}  // namespace fp4::client
