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

std::optional<double> ReadMedian(Connection& connection, int64_t run, const std::string& name) {
  std::vector<double> values;
  for (const Point& point : ReadPoints(connection, run, name)) values.push_back(point.value);
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

CompareInput ReadCompareInput(Connection& connection, const Query& run, const std::string& metric) {
  const int64_t row = run.Int(0);
  CompareInput input;
  input.run_id = run.Text(1);
  input.variant = run.Text(2);
  input.seed = static_cast<uint64_t>(run.Int(3));
  input.state = core::RunStateFromName(run.Text(4)).value();
  input.final_value = LastPoint(connection, row, metric);
  if (const auto accuracy = LastPoint(connection, row, std::string(metric::kValAccuracy))) {
    input.final_accuracy = accuracy->value;
  }
  input.tokens_per_second = ReadMedian(connection, row, std::string(metric::kTokensPerSecond));
  input.started_json = ReadStarted(connection, row);
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
