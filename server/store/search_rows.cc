#include "server/store/search_rows.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "server/core/started_facts.h"
#include "server/store/json_columns.h"
#include "server/store/points.h"
#include "server/store/run_rows.h"

namespace fp4::store {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The experiment as its document says, without what has happened since.
absl::StatusOr<RunningSearch> ReadDocument(Connection& connection, int64_t experiment) {
  RunningSearch search;
  Query query(connection,
              "SELECT id, document, overrides, created_by FROM experiments WHERE row = ?",
              experiment);
  if (!query.Next()) return absl::NotFoundError("the experiment is gone");
  search.key = {.row = experiment, .id = query.Text(0)};
  search.document = query.Text(1);
  search.overrides = ParseStrings(query.Text(2));
  search.created_by = query.Text(3);
  spec::ReadResult read = spec::ReadExperiment(search.document, search.overrides, {});
  if (!read.ok() || !read.experiment.search) {
    return absl::FailedPreconditionError(
        absl::StrCat("this release cannot read the document: ",
                     read.ok() ? "it has no search" : read.problems.front().ToString("document")));
  }
  search.experiment = std::move(read.experiment);
  return search;
}

double SecondsPerStep(Connection& connection, int64_t run, int64_t step) {
  const std::optional<double> tokens =
      core::ReadStartedFacts(ReadStarted(connection, run)).tokens_per_step;
  const std::optional<Point> speed =
      LastPoint(connection, run, std::string(metric::kTokensPerSecond), step);
  return tokens && speed ? *tokens / speed->value : kUnknown;
}

double ReadQuantity(Connection& connection, int64_t run, const std::string& name, int64_t step) {
  if (name == "weight_bytes") {
    return core::ReadStartedFacts(ReadStarted(connection, run)).weight_bytes.value_or(kUnknown);
  }
  if (name == "step_seconds") return SecondsPerStep(connection, run, step);
  const std::optional<Point> point = LastPoint(connection, run, name, step);
  return point ? point->value : kUnknown;
}

}  // namespace

void InsertRung(Connection& connection, const RungRow& row) {
  Query(connection,
        "INSERT INTO rungs (run, rung, report, step, metrics, broken, kept, why) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row.run, row.rung, row.report, row.step, FormatNumbers(row.metrics), row.broken,
        row.kept ? 1 : 0, row.why)
      .Run();
}

std::vector<RungRow> ReadRungs(Connection& connection, int64_t run) {
  std::vector<RungRow> rows;
  Query query(connection,
              "SELECT rung, report, step, metrics, broken, kept, why FROM rungs WHERE run = ? "
              "ORDER BY rung",
              run);
  while (query.Next()) {
    rows.push_back({.run = run,
                    .rung = query.Int(0),
                    .report = query.Int(1),
                    .step = query.Int(2),
                    .metrics = ParseNumbers(query.Text(3)),
                    .broken = query.Text(4),
                    .kept = query.Int(5) != 0,
                    .why = query.Text(6)});
  }
  return rows;
}

absl::StatusOr<RunningSearch> ReadSearch(Connection& connection, int64_t experiment) {
  absl::StatusOr<RunningSearch> search = ReadDocument(connection, experiment);
  if (!search.ok()) return search.status();
  Query query(connection,
              "SELECT next_trial, num_invalid, ended FROM searches WHERE experiment = ?",
              experiment);
  if (query.Next()) {
    search->next_trial = query.Int(0);
    search->num_invalid = query.Int(1);
    search->ended = query.Text(2);
  }
  return search;
}

void ReadDecisions(Connection& connection, RunningSearch& search) {
  search.rungs.resize(core::NumGroups(search.experiment));
  for (size_t group = 0; group < search.rungs.size(); ++group) {
    const size_t variant = group / search.experiment.seeds.size();
    search.rungs[group].resize(core::RungStepsOf(search.experiment, variant).size());
  }
  Query query(connection,
              "SELECT trial, rung, metrics, broken, kept FROM runs JOIN rungs ON rungs.run = "
              "runs.row WHERE experiment = ? ORDER BY report",
              search.key.row);
  while (query.Next()) {
    const int64_t trial = query.Int(0);
    const auto rung = static_cast<size_t>(query.Int(1));
    std::vector<core::Rung>& rungs = search.rungs[core::PlanTrial(search.experiment, trial).group];
    const std::vector<double> metrics = ParseNumbers(query.Text(2));
    rungs.at(rung).Report(
        {.trial = trial, .losses = core::Losses(search.search(), metrics, !query.Text(3).empty())},
        search.search().reduction_factor);
    search.next_rung[trial] = query.Int(4) != 0 ? rung + 1 : rungs.size();
    ++search.num_reports;
  }
}

void SaveSearch(Connection& connection, const RunningSearch& search) {
  Query(connection,
        "INSERT INTO searches (experiment, next_trial, num_invalid, ended) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (experiment) DO UPDATE SET next_trial = excluded.next_trial, "
        "num_invalid = excluded.num_invalid, ended = excluded.ended",
        search.key.row, search.next_trial, search.num_invalid, search.ended)
      .Run();
}

std::vector<double> ReadQuantities(Connection& connection, int64_t run,
                                   std::span<const std::string> names, int64_t step) {
  std::vector<double> values;
  for (const std::string& name : names) {
    values.push_back(ReadQuantity(connection, run, name, step));
  }
  return values;
}

std::vector<std::string> MetricNames(const spec::SearchSpec& search) {
  std::vector<std::string> names;
  for (const spec::SearchMetric& metric : search.metrics) names.push_back(metric.name);
  return names;
}

std::vector<std::string> ConstraintNames(const spec::SearchSpec& search) {
  std::vector<std::string> names;
  for (const spec::SearchConstraint& constraint : search.constraints) {
    names.push_back(constraint.quantity);
  }
  return names;
}

}  // namespace fp4::store
