// Searches in the database.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/connection.h"
#include "server/store/running_search.h"

namespace fp4::store {

// What a trial reported at a rung, and what was decided.
struct RungRow {
  int64_t run = 0, rung = 0, report = 0, step = 0;
  std::vector<double> metrics;  // in the order of the search's metrics; NaN: not known
  std::string broken;           // why it counts as worst; empty: it does not
  bool kept = true;
  std::string why;
};

void InsertRung(Connection& connection, const RungRow& row);
// Of one run, from the lowest.
std::vector<RungRow> ReadRungs(Connection& connection, int64_t run);

// The experiment's search, without its decisions; its document is read anew. FAILED_PRECONDITION:
// this release cannot read it.
absl::StatusOr<RunningSearch> ReadSearch(Connection& connection, int64_t experiment);
// Adds the decisions made so far, in the order of their reports.
void ReadDecisions(Connection& connection, RunningSearch& search);
// next_trial, num_invalid and ended.
void SaveSearch(Connection& connection, const RunningSearch& search);

// The values of the quantities (spec::SearchMetric::name) at the last step not above `step`; NaN
// where it is not known.
std::vector<double> ReadQuantities(Connection& connection, int64_t run,
                                   std::span<const std::string> names, int64_t step);

std::vector<std::string> MetricNames(const spec::SearchSpec& search);
std::vector<std::string> ConstraintNames(const spec::SearchSpec& search);

}  // namespace fp4::store
