#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "spec/score_table.h"

namespace fp4::client {

// Every table of scores that the run has told, of `sensitivity` and of budgets' decisions, by
// ascending step; of a step that was computed twice the later one. Reads the stored events of the
// run.
absl::StatusOr<std::vector<spec::ScoreTable>> ReadScores(const std::string& run_id,
                                                         Connection& connection);

}  // namespace fp4::client
