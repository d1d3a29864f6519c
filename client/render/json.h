// What `-o json` prints. Each function gives one JSON value on one line, without a newline at its
// end; a number that is not finite is "NaN", "Infinity" or "-Infinity"; times are as in event logs.
#pragma once

#include <string>
#include <vector>

#include "client/local/daemons.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// {"experiment": ID, "runs": [{"id", "variant", "seed"}]}
std::string SubmissionJson(const v1::Experiment& experiment);
std::string ExperimentJson(const v1::Experiment& experiment);
std::string ExperimentsJson(const std::vector<v1::Experiment>& experiments);
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
// [{"run", "variant", "seed", "points": [{"step", "value", "attempt"}]}]
std::string RunSeriesJson(const std::vector<RunSeries>& all);

// {"experiment", "metric", "reference", "at", …, "variants": [{"name", "n", "mean", "std",
// "difference": {"mean", "ci95"}, "verdict": {"kind", "text", "p_holm", "seeds_needed"}, …}],
// "pareto", "warnings"}
std::string ComparisonJson(const v1::CompareResponse& comparison);

// Workers as in StatusJson, an array.
std::string WorkersJson(const v1::ListWorkersResponse& workers);

// [{"run", "position", "why", "needs"}]
std::string QueueJson(const v1::ListQueueResponse& queue);

// A run whose metrics are in a file.
struct ExportedRun {
  v1::Run run;
  std::string file;  // without its folder
};
// [{"run", "experiment", "variant", "seed", "state", "file"}]
std::string ExportedRunsJson(const std::vector<ExportedRun>& runs);

// The event as the trainer wrote it, with "run" and "cursor"; a change of state has the type
// "state" and no "seq". Empty for a kind that this program does not know: it is passed over.
std::string EventJson(const v1::Event& event);

// One object of texts, in the order given.
struct JsonText {
  std::string name, text;
};
std::string FlatJson(const std::vector<JsonText>& fields);

// A daemon as `up` leaves it.
struct DaemonState {
  DaemonReport report;
  Endpoints endpoints;
};
// {"controller": {"pid", "started", "grpc", "http"}, "worker": {"pid", "started", "http"},
// "state_folder"}
std::string UpJson(const DaemonState& controller, const DaemonState& worker,
                   const std::string& state_folder);
// {"worker": {"stopped"}, "controller": {"stopped"}}
std::string DownJson(const std::vector<DaemonReport>& reports);
// {"controller": {"address", "serving", "pid", "http"}, "workers", "active_runs"}. `local`: the
// endpoints of a controller on this machine; null: it is elsewhere, and "pid" and "http" are too.
std::string StatusJson(const std::string& address, const Endpoints* local,
                       const v1::ListWorkersResponse& workers, size_t num_active_runs);

}  // namespace fp4::client
