// Experiments and runs as people read them.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"
#include "wire/names.h"

namespace fp4::client {

using wire::StateName;
using wire::StateOfName;
Color StateColor(v1::RunState state);
bool IsFinished(v1::RunState state);

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// The newest value of a metric; nothing when there is none yet.
std::optional<double> LatestValue(const v1::Run& run, const std::string& metric);

// "fp4 seed 2".
std::string RunLabel(const std::string& variant, int64_t seed);

struct RunTableOptions {
  bool with_experiment = false;
};
// A table, then why those that are queued wait.
std::string RenderRuns(const std::vector<v1::Run>& runs, const RunTableOptions& options,
                       const Layout& layout);
std::string RenderExperiments(const std::vector<v1::Experiment>& experiments, absl::Time now,
                              const Layout& layout);

// What is known about one, in lines of "name: value" and tables.
std::string RenderExperiment(const v1::Experiment& experiment, absl::Time now,
                             const Layout& layout);
std::string RenderRun(const v1::Run& run, absl::Time now, const Layout& layout);

}  // namespace fp4::client
