// How metric points lie in the database: the only file that knows. A series is one metric of one
// run; it has one point for each step, and a later attempt that computes a step again replaces it.
//
// The functions throw SQLite::Exception (connection.h). Those that write belong into a transaction.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/store/connection.h"
#include "server/store/records.h"
#include "spec/events.h"

namespace fp4::store {

// What has been looked up of one run's series, by name. Good for as long as the run exists.
using SeriesRows = std::unordered_map<std::string, int64_t>;

// Stores the event's values at its step. The answer is what the event's row keeps, so that
// ReadMetrics can put the event together again.
std::string WriteMetrics(Connection& connection, SeriesRows& series, int64_t run, int32_t attempt,
                         const spec::MetricsEvent& metrics);

// The event of which WriteMetrics gave `reference`, without the values that a later attempt has
// replaced.
spec::MetricsEvent ReadMetrics(Connection& connection, int32_t attempt, int64_t step,
                               const std::string& reference);

// The names of the run's series, sorted.
std::vector<std::string> SeriesNames(Connection& connection, int64_t run);

// Both ends belong to it.
struct StepRange {
  int64_t from = 0;
  int64_t to = std::numeric_limits<int64_t>::max();
};

// By step; at most `limit`, 0: all. Empty when there is no such series.
std::vector<Point> ReadPoints(Connection& connection, int64_t run, const std::string& name,
                              const StepRange& range = {}, int64_t limit = 0);
int64_t CountPoints(Connection& connection, int64_t run, const std::string& name,
                    const StepRange& range);
// The point at the highest step that is not above `up_to_step`; nothing when there is no such
// series.
std::optional<Point> LastPoint(Connection& connection, int64_t run, const std::string& name,
                               int64_t up_to_step = std::numeric_limits<int64_t>::max());
// The last value of each series, by name. A run has some hundred series of its layers
// (quant/<layer>/…), which a list of runs leaves out.
enum class SeriesOf : uint8_t { kAll, kRun };
std::vector<std::pair<std::string, double>> LatestValues(Connection& connection, int64_t run,
                                                         SeriesOf which);

// Removes a part of the run's points that takes no longer than a transaction should. False: there
// was nothing left to remove.
bool PurgePoints(Connection& connection, int64_t run);

}  // namespace fp4::store
