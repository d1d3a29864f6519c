#include <algorithm>
#include <limits>

#include "base/metric_names.h"
#include "base/status_macros.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/event_rows.h"
#include "server/store/lookup.h"
#include "server/store/reader.h"
#include "server/store/run_rows.h"

namespace fp4::store {
namespace {

std::vector<Point> ReadPoints(Connection& connection, int64_t run, const std::string& name,
                              int64_t from_step, int64_t to_step) {
  std::vector<Point> points;
  Query query(connection,
              "SELECT step, value, special, attempt FROM points "
              "WHERE series = (SELECT row FROM series WHERE run = ? AND name = ?) "
              "AND step BETWEEN ? AND ? ORDER BY step",
              run, name, from_step, to_step);
  while (query.Next()) {
    points.push_back({.step = query.Int(0),
                      .value = DecodeNumber({query.Real(1), query.Int(2)}),
                      .attempt = static_cast<int32_t>(query.Int(3))});
  }
  return points;
}

std::optional<Point> ReadLastPoint(Connection& connection, int64_t run, const std::string& name) {
  Query query(connection,
              "SELECT step, value, special, attempt FROM points "
              "WHERE series = (SELECT row FROM series WHERE run = ? AND name = ?) "
              "ORDER BY step DESC LIMIT 1",
              run, name);
  if (!query.Next()) return std::nullopt;
  return Point{.step = query.Int(0),
               .value = DecodeNumber({query.Real(1), query.Int(2)}),
               .attempt = static_cast<int32_t>(query.Int(3))};
}

std::optional<double> ReadMedian(Connection& connection, int64_t run, const std::string& name) {
  std::vector<double> values;
  for (const Point& point :
       ReadPoints(connection, run, name, 0, std::numeric_limits<int64_t>::max())) {
    values.push_back(point.value);
  }
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<SeriesRecord> ReadNames(Connection& connection, int64_t run) {
  std::vector<SeriesRecord> series;
  Query query(connection, "SELECT name FROM series WHERE run = ? ORDER BY name", run);
  while (query.Next()) series.push_back({.name = query.Text(0), .points = {}});
  return series;
}

CompareInput ReadCompareInput(Connection& connection, const Query& run, const std::string& metric) {
  const int64_t row = run.Int(0);
  CompareInput input;
  input.run_id = run.Text(1);
  input.variant = run.Text(2);
  input.seed = static_cast<uint64_t>(run.Int(3));
  input.state = core::RunStateFromName(run.Text(4)).value();
  input.final_value = ReadLastPoint(connection, row, metric);
  if (const auto accuracy = ReadLastPoint(connection, row, std::string(metric::kValAccuracy))) {
    input.final_accuracy = accuracy->value;
  }
  input.tokens_per_second = ReadMedian(connection, row, std::string(metric::kTokensPerSecond));
  input.started_json = ReadStarted(connection, row);
  input.health = ReadHealth(connection, row);
  return input;
}

}  // namespace

absl::StatusOr<std::vector<SeriesRecord>> Reader::GetSeries(std::string_view run_id,
                                                            std::span<const std::string> names,
                                                            int64_t from_step, int64_t to_step) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<SeriesRecord>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, run_id));
    if (names.empty()) return ReadNames(db_, key.row);
    if (to_step == 0) to_step = std::numeric_limits<int64_t>::max();
    std::vector<SeriesRecord> series;
    for (const std::string& name : names) {
      std::vector<Point> points = ReadPoints(db_, key.row, name, from_step, to_step);
      if (!points.empty()) series.push_back({.name = name, .points = std::move(points)});
    }
    return series;
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
