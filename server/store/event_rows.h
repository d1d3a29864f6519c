// How events lie in the database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/connection.h"
#include "server/store/points.h"
#include "server/store/records.h"

namespace fp4::store {

int64_t ToMillis(absl::Time time);
absl::Time FromMillis(int64_t millis);

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

// The row of a trainer's event; run, cursor and attempt as given. Of a metrics event the values are
// stored on the way, as points (points.h), and the row refers to them.
EventRow StoreEvent(Connection& connection, SeriesRows& series, int64_t run, int64_t cursor,
                    const spec::Event& event);
EventRow MakeStateRow(int64_t run, int64_t cursor, int32_t attempt, absl::Time time,
                      const StateChange& change);

// An event as read. Nothing for a metrics event whose values have all been replaced by a later
// attempt's. The columns of `query`: run, cursor, attempt, seq, time_ms, kind, step, payload.
absl::StatusOr<std::optional<StoredEvent>> ReadEvent(Connection& connection, const Query& query,
                                                     const std::string& run_id);

}  // namespace fp4::store
