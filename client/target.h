#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace fp4::client {

// What an id on the command line stands for: exactly one of the two.
struct Target {
  bool is_run = false;
  v1::Experiment experiment;  // empty when it is a run
  v1::Run run;                // empty when it is an experiment

  const std::string& id() const { return is_run ? run.id() : experiment.id(); }
  // The experiment's runs, or the one run.
  std::vector<v1::Run> runs() const;
};

// Looks an id, or a prefix, up among experiments and runs. A whole id wins over a prefix; a prefix
// that fits one of each is AMBIGUOUS_ID.
absl::StatusOr<Target> FindTarget(Connection& connection, const std::string& id);

}  // namespace fp4::client
