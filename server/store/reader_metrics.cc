// What comparisons read.
#include <algorithm>
#include <set>

#include "base/metric_names.h"
#include "base/status_macros.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/lookup.h"
#include "server/store/points.h"
#include "server/store/reader.h"
#include "server/store/run_rows.h"

namespace fp4::store {
namespace {

std::optional<double> LastValue(Connection& connection, int64_t run, std::string_view name) {
  const std::optional<Point> last = LastPoint(connection, run, std::string(name));
  return last ? std::optional(last->value) : std::nullopt;
}

std::optional<double> LargestValue(Connection& connection, int64_t run, std::string_view name) {
  std::optional<double> largest;
  for (const Point& point : ReadPoints(connection, run, std::string(name)))
    largest = std::max(largest.value_or(point.value), point.value);
  return largest;
}

std::vector<std::string> ReadHosts(Connection& connection, int64_t run) {
  std::vector<std::string> hosts;
  Query query(connection,
              "SELECT DISTINCT workers.host FROM attempts JOIN workers ON workers.row = worker "
              "WHERE attempts.run = ? ORDER BY workers.host",
              run);
  while (query.Next()) hosts.push_back(query.Text(0));
  return hosts;
}

CompareInput ReadCompareInput(Connection& connection, const Query& run, const std::string& metric) {
  const int64_t row = run.Int(0);
  CompareInput input;
  input.run_id = run.Text(1);
  input.variant = run.Text(2);
  input.seed = static_cast<uint64_t>(run.Int(3));
  input.state = core::RunStateFromName(run.Text(4)).value();
  input.curve = ReadPoints(connection, row, metric);
  input.excess_loss = ReadPoints(connection, row, std::string(metric::kValExcessLoss));
  input.throughput = ReadPoints(connection, row, std::string(metric::kTokensPerSecond));
  input.final_accuracy = LastValue(connection, row, metric::kValAccuracy);
  input.joules = LastValue(connection, row, metric::kEnergy);
  input.state_bytes = LastValue(connection, row, metric::kStateBytes);
  input.peak_bytes = LargestValue(connection, row, metric::kPeakBytes);
  input.started_jsons = ReadAllStarted(connection, row);
  input.hosts = ReadHosts(connection, row);
  input.health = ReadHealth(connection, row);
  return input;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Reader::MetricNames(std::string_view experiment_id) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<std::string>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, experiment_id));
    std::set<std::string> names;
    Query runs(db_, "SELECT row FROM runs WHERE experiment = ?", key.row);
    while (runs.Next()) {
      for (std::string& name : SeriesNames(db_, runs.Int(0))) names.insert(std::move(name));
    }
    return std::vector<std::string>(names.begin(), names.end());
  });
}

absl::StatusOr<std::vector<CompareInput>> Reader::GetCompareInputs(std::string_view experiment_id,
                                                                   const std::string& metric) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<CompareInput>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, experiment_id));
    std::vector<CompareInput> inputs;
    Query runs(db_,
               "SELECT runs.row, runs.id, variants.name, seed, state FROM runs "
               "JOIN variants ON variants.row = variant WHERE runs.experiment = ? "
               "ORDER BY runs.row",
               key.row);
    while (runs.Next()) inputs.push_back(ReadCompareInput(db_, runs, metric));
    return inputs;
  });
}

}  // namespace fp4::store
