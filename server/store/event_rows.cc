#include "server/store/event_rows.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace fp4::store {
namespace {

using Json = nlohmann::json;

const char* KindName(const spec::Event& event) {
  struct Names {
    const char* operator()(const spec::StartedEvent&) { return "started"; }
    const char* operator()(const spec::MetricsEvent&) { return "metrics"; }
    const char* operator()(const spec::CheckpointEvent&) { return "checkpoint"; }
    const char* operator()(const spec::HealthEvent&) { return "health"; }
    const char* operator()(const spec::LogEvent&) { return "log"; }
    const char* operator()(const spec::FinishedEvent&) { return "finished"; }
    // The column's kinds are a closed list; the payload says what it really is.
    const char* operator()(const spec::UnknownEvent&) { return "log"; }
  };
  return std::visit(Names{}, event.kind);
}

int64_t SeriesRow(Connection& connection, SeriesRows& series, int64_t run,
                  const std::string& name) {
  if (auto found = series.find(name); found != series.end()) return found->second;
  Query query(connection, "SELECT row FROM series WHERE run = ? AND name = ?", run, name);
  int64_t row = 0;
  if (query.Next()) {
    row = query.Int(0);
  } else {
    Query(connection, "INSERT INTO series (run, name) VALUES (?, ?)", run, name).Run();
    row = connection.LastRow();
  }
  series.emplace(name, row);
  return row;
}

spec::MetricsEvent ReadMetrics(Connection& connection, const StoredEvent& event, int64_t step,
                               const std::string& payload) {
  spec::MetricsEvent metrics{.step = step, .values = {}};
  for (absl::string_view part : absl::StrSplit(payload, ' ', absl::SkipEmpty())) {
    int64_t series = 0;
    if (!absl::SimpleAtoi(part, &series)) continue;
    Query point(connection,
                "SELECT series.name, value, special FROM points JOIN series ON series.row = series "
                "WHERE series = ? AND step = ? AND attempt = ?",
                series, step, event.attempt);
    if (point.Next()) {
      metrics.values.emplace_back(point.Text(0), DecodeNumber({point.Real(1), point.Int(2)}));
    }
  }
  return metrics;
}

absl::StatusOr<StateChange> ReadStateChange(const std::string& payload) {
  const Json json = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  std::optional<core::RunState> state;
  if (json.is_object()) state = core::RunStateFromName(json.value("state", ""));
  if (!state) return absl::DataLossError(absl::StrCat("a stored state change reads ", payload));
  return StateChange{.state = *state,
                     .reason = json.value("reason", ""),
                     .message = json.value("message", ""),
                     .worker = json.value("worker", "")};
}

}  // namespace

int64_t ToMillis(absl::Time time) { return absl::ToUnixMillis(time); }

absl::Time FromMillis(int64_t millis) { return absl::FromUnixMillis(millis); }

StoredNumber EncodeNumber(double number) {
  if (std::isnan(number)) return {0, 1};
  if (std::isinf(number)) return {0, number > 0 ? 2 : 3};
  return {number, 0};
}

double DecodeNumber(const StoredNumber& stored) {
  switch (stored.special) {
    case 1:
      return std::numeric_limits<double>::quiet_NaN();
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return -std::numeric_limits<double>::infinity();
    default:
      return stored.value;
  }
}

void InsertEvent(Connection& connection, const EventRow& row) {
  Query(connection,
        "INSERT INTO events (run, cursor, attempt, seq, time_ms, kind, step, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row.run, row.cursor, row.attempt, row.seq, row.time_ms, row.kind, row.step, row.payload)
      .Run();
}

EventRow MakeEventRow(int64_t run, int64_t cursor, const spec::Event& event) {
  EventRow row{.run = run,
               .cursor = cursor,
               .attempt = event.attempt,
               .seq = event.seq,
               .time_ms = ToMillis(event.time),
               .kind = KindName(event),
               .step = std::nullopt,
               .payload = spec::FormatEvent(event)};
  if (const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event.kind)) {
    row.step = checkpoint->step;
  }
  return row;
}

EventRow MakeStateRow(int64_t run, int64_t cursor, int32_t attempt, absl::Time time,
                      const StateChange& change) {
  const Json json = {{"state", core::RunStateName(change.state)},
                     {"reason", change.reason},
                     {"message", change.message},
                     {"worker", change.worker}};
  return {.run = run,
          .cursor = cursor,
          .attempt = attempt,
          .seq = 0,
          .time_ms = ToMillis(time),
          .kind = "state",
          .step = std::nullopt,
          .payload = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

EventRow StoreMetrics(Connection& connection, SeriesRows& series, int64_t run, int64_t cursor,
                      const spec::Event& event) {
  const auto& metrics = std::get<spec::MetricsEvent>(event.kind);
  std::string payload;
  for (const auto& [name, number] : metrics.values) {
    const int64_t row = SeriesRow(connection, series, run, name);
    const StoredNumber stored = EncodeNumber(number);
    Query(connection,
          "INSERT INTO points (series, step, value, special, attempt) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (series, step) DO UPDATE SET value = excluded.value, "
          "special = excluded.special, attempt = excluded.attempt",
          row, metrics.step, stored.value, stored.special, event.attempt)
        .Run();
    absl::StrAppend(&payload, payload.empty() ? "" : " ", row);
  }
  return {.run = run,
          .cursor = cursor,
          .attempt = event.attempt,
          .seq = event.seq,
          .time_ms = ToMillis(event.time),
          .kind = "metrics",
          .step = metrics.step,
          .payload = std::move(payload)};
}

absl::StatusOr<std::optional<StoredEvent>> ReadEvent(Connection& connection, const Query& query,
                                                     const std::string& run_id) {
  StoredEvent event{.cursor = query.Int(1),
                    .run_id = run_id,
                    .attempt = static_cast<int32_t>(query.Int(2)),
                    .seq = query.Int(3),
                    .time = FromMillis(query.Int(4)),
                    .kind = {}};
  const std::string kind = query.Text(5), payload = query.Text(7);
  if (kind == "metrics") {
    spec::MetricsEvent metrics = ReadMetrics(connection, event, query.Int(6), payload);
    if (metrics.values.empty()) return std::optional<StoredEvent>();
    event.kind = spec::EventKind(std::move(metrics));
  } else if (kind == "state") {
    FP4_ASSIGN_OR_RETURN(event.kind, ReadStateChange(payload));
  } else {
    FP4_ASSIGN_OR_RETURN(spec::Event parsed, spec::ParseEvent(payload));
    event.kind = std::move(parsed.kind);
  }
  return std::optional(std::move(event));
}

}  // namespace fp4::store
