// How events and points lie in the database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/connection.h"
#include "server/store/records.h"

namespace fp4::store {

int64_t ToMillis(absl::Time time);
absl::Time FromMillis(int64_t millis);

// A value as the columns (value, special) of a point.
struct StoredNumber {
  double value = 0;
  int64_t special = 0;  // 1: NaN, 2: infinity, 3: -infinity
};
StoredNumber EncodeNumber(double number);
double DecodeNumber(const StoredNumber& stored);

// One row of `events`, as written.
struct EventRow {
  int64_t run = 0, cursor = 0;
  int32_t attempt = 0;
  int64_t seq = 0;
  int64_t time_ms = 0;
  const char* kind = "";
  std::optional<int64_t> step;
  std::string payload;
};
void InsertEvent(Connection& connection, const EventRow& row);

// The row of a trainer's event of any kind but metrics; run, cursor and attempt as given.
EventRow MakeEventRow(int64_t run, int64_t cursor, const spec::Event& event);
EventRow MakeStateRow(int64_t run, int64_t cursor, int32_t attempt, absl::Time time,
                      const StateChange& change);

// Series of one run by name: what has been looked up.
using SeriesRows = std::unordered_map<std::string, int64_t>;

// Stores the event's values as points of the run's series, made where absent, and returns the row
// for `events` that refers to them.
EventRow StoreMetrics(Connection& connection, SeriesRows& series, int64_t run, int64_t cursor,
                      const spec::Event& event);

// An event as read. Nothing for a metrics event whose values have all been replaced by a later
// attempt's. The columns of `query`: run, cursor, attempt, seq, time_ms, kind, step, payload.
absl::StatusOr<std::optional<StoredEvent>> ReadEvent(Connection& connection, const Query& query,
                                                     const std::string& run_id);

}  // namespace fp4::store
