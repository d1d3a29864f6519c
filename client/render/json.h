// What `-o json` prints, by the rules of wire/json/messages.h.
#pragma once

#include <string>
#include <vector>

#include "client/local/daemons.h"
#include "fp4/v1/experiments.pb.h"
#include "wire/json/messages.h"
#include "wire/json/operations.h"

namespace fp4::client {

// {"experiment": ID, "runs": [{"id", "variant", "seed"}]}
std::string SubmissionJson(const v1::Experiment& experiment);

// What the controller's HTTP API answers too.
using wire::BackupJson;
using wire::CheckpointsJson;
using wire::ComparisonJson;
using wire::DiagnosesJson;
using wire::EventJson;
using wire::ExperimentJson;
using wire::ExperimentsJson;
using wire::NamesJson;
using wire::PointsJson;
using wire::QueueJson;
using wire::RunJson;
using wire::RunSeries;
using wire::RunSeriesJson;
using wire::RunsJson;
using wire::WorkersJson;

// A run whose metrics are in a file.
struct ExportedRun {
  v1::Run run;
  std::string file;  // without its folder
};
// [{"run", "experiment", "variant", "seed", "state", "file"}]
std::string ExportedRunsJson(const std::vector<ExportedRun>& runs);

struct SentRun {
  v1::Run run;
  std::string url;  // of its page there
};
// The same, with "url" in the place of "file".
std::string SentRunsJson(const std::vector<SentRun>& runs);

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
