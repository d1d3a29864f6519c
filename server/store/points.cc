#include "server/store/points.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fp4::store {
namespace {

constexpr int64_t kMaxPointsAtOnce = 20000;

// A value as the columns (value, special): SQLite would turn a NaN into NULL.
struct StoredNumber {
  double value = 0;
  int64_t special = 0;  // 1: NaN, 2: infinity, 3: -infinity
};

StoredNumber Encode(double number) {
  if (std::isnan(number)) return {0, 1};
  if (std::isinf(number)) return {0, number > 0 ? 2 : 3};
  return {number, 0};
}

double Decode(double value, int64_t special) {
  switch (special) {
    case 1:
      return std::numeric_limits<double>::quiet_NaN();
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return -std::numeric_limits<double>::infinity();
    default:
      return value;
  }
}

// The columns step, value, special, attempt.
Point ReadPoint(const Query& query) {
  return {.step = query.Int(0),
          .value = Decode(query.Real(1), query.Int(2)),
          .attempt = static_cast<int32_t>(query.Int(3))};
}

std::optional<int64_t> FindSeries(Connection& connection, int64_t run, const std::string& name) {
  Query query(connection, "SELECT row FROM series WHERE run = ? AND name = ?", run, name);
  return query.Next() ? std::optional(query.Int(0)) : std::nullopt;
}

int64_t SeriesRow(Connection& connection, SeriesRows& series, int64_t run,
                  const std::string& name) {
  if (auto found = series.find(name); found != series.end()) return found->second;
  std::optional<int64_t> row = FindSeries(connection, run, name);
  if (!row) {
    Query(connection, "INSERT INTO series (run, name) VALUES (?, ?)", run, name).Run();
    row = connection.LastRow();
  }
  series.emplace(name, *row);
  return *row;
}

}  // namespace

// The reference is the rows of the series, separated by blanks.
std::string WriteMetrics(Connection& connection, SeriesRows& series, int64_t run, int32_t attempt,
                         const spec::MetricsEvent& metrics) {
  std::string reference;
  for (const auto& [name, number] : metrics.values) {
    const int64_t row = SeriesRow(connection, series, run, name);
    const StoredNumber stored = Encode(number);
    Query(connection,
          "INSERT INTO points (series, step, value, special, attempt) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (series, step) DO UPDATE SET value = excluded.value, "
          "special = excluded.special, attempt = excluded.attempt",
          row, metrics.step, stored.value, stored.special, attempt)
        .Run();
    absl::StrAppend(&reference, reference.empty() ? "" : " ", row);
  }
  return reference;
}

spec::MetricsEvent ReadMetrics(Connection& connection, int32_t attempt, int64_t step,
                               const std::string& reference) {
  spec::MetricsEvent metrics{.step = step, .values = {}};
  for (absl::string_view part : absl::StrSplit(reference, ' ', absl::SkipEmpty())) {
    int64_t series = 0;
    if (!absl::SimpleAtoi(part, &series)) continue;
    Query point(connection,
                "SELECT series.name, value, special FROM points JOIN series ON series.row = series "
                "WHERE series = ? AND step = ? AND attempt = ?",
                series, step, attempt);
    if (point.Next()) {
      metrics.values.emplace_back(point.Text(0), Decode(point.Real(1), point.Int(2)));
    }
  }
  return metrics;
}

std::vector<std::string> SeriesNames(Connection& connection, int64_t run) {
  std::vector<std::string> names;
  Query query(connection, "SELECT name FROM series WHERE run = ? ORDER BY name", run);
  while (query.Next()) names.push_back(query.Text(0));
  return names;
}

std::vector<Point> ReadPoints(Connection& connection, int64_t run, const std::string& name,
                              const StepRange& range, int64_t limit) {
  std::vector<Point> points;
  const std::optional<int64_t> series = FindSeries(connection, run, name);
  if (!series) return points;
  Query query(connection,
              "SELECT step, value, special, attempt FROM points "
              "WHERE series = ? AND step BETWEEN ? AND ? ORDER BY step LIMIT ?",
              *series, range.from, range.to, limit == 0 ? int64_t{-1} : limit);
  while (query.Next()) points.push_back(ReadPoint(query));
  return points;
}

int64_t CountPoints(Connection& connection, int64_t run, const std::string& name,
                    const StepRange& range) {
  const std::optional<int64_t> series = FindSeries(connection, run, name);
  if (!series) return 0;
  Query query(connection, "SELECT COUNT(*) FROM points WHERE series = ? AND step BETWEEN ? AND ?",
              *series, range.from, range.to);
  return query.Next() ? query.Int(0) : 0;
}

std::optional<Point> LastPoint(Connection& connection, int64_t run, const std::string& name,
                               int64_t up_to_step) {
  const std::optional<int64_t> series = FindSeries(connection, run, name);
  if (!series) return std::nullopt;
  Query query(connection,
              "SELECT step, value, special, attempt FROM points WHERE series = ? AND step <= ? "
              "ORDER BY step DESC LIMIT 1",
              *series, up_to_step);
  return query.Next() ? std::optional(ReadPoint(query)) : std::nullopt;
}

std::vector<std::pair<std::string, double>> LatestValues(Connection& connection, int64_t run,
                                                         SeriesOf which) {
  std::vector<std::pair<std::string, double>> latest;
  Query query(connection,
              "SELECT name, value, special FROM series JOIN points ON points.series = series.row "
              "WHERE run = ? AND (? OR name NOT LIKE 'quant/%') AND step = (SELECT MAX(step) "
              "FROM points AS last WHERE last.series = series.row) ORDER BY name",
              run, which == SeriesOf::kAll ? 1 : 0);
  while (query.Next()) {
    latest.emplace_back(query.Text(0), Decode(query.Real(1), query.Int(2)));
  }
  return latest;
}

bool PurgePoints(Connection& connection, int64_t run) {
  Query series(connection, "SELECT row FROM series WHERE run = ? LIMIT 1", run);
  if (!series.Next()) return false;
  const int64_t row = series.Int(0);
  Query last(connection, "SELECT step FROM points WHERE series = ? ORDER BY step LIMIT 1 OFFSET ?",
             row, kMaxPointsAtOnce);
  if (last.Next()) {
    Query(connection, "DELETE FROM points WHERE series = ? AND step < ?", row, last.Int(0)).Run();
  } else {
    Query(connection, "DELETE FROM points WHERE series = ?", row).Run();
    Query(connection, "DELETE FROM series WHERE row = ?", row).Run();
  }
  return true;
}

}  // namespace fp4::store
