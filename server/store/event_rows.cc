#include "server/store/event_rows.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::store {
namespace {

using Json = nlohmann::json;

// What a row's columns hold of an event, by its kind.
class Columns {
 public:
  Columns(Connection& connection, SeriesRows& series, const spec::Event& event, EventRow& row)
      : connection_(connection), series_(series), event_(event), row_(row) {}

  void operator()(const spec::StartedEvent&) { Line("started"); }
  void operator()(const spec::MetricsEvent& metrics) {
    row_.kind = "metrics";
    row_.step = metrics.step;
    row_.payload = WriteMetrics(connection_, series_, row_.run, event_.attempt, metrics);
  }
  void operator()(const spec::CheckpointEvent& checkpoint) {
    Line("checkpoint");
    row_.step = checkpoint.step;
  }
  void operator()(const spec::HealthEvent&) { Line("health"); }
  void operator()(const spec::LogEvent&) { Line("log"); }
  // The column's kinds are a closed list; the payload says what it really is.
  void operator()(const spec::PrecisionSwitchEvent&) { Line("log"); }
  void operator()(const spec::SensitivityEvent&) { Line("log"); }
  void operator()(const spec::DecisionEvent&) { Line("log"); }
  void operator()(const spec::FinishedEvent&) { Line("finished"); }
  void operator()(const spec::UnknownEvent&) { Line("log"); }

 private:
  // The event as its line in the log.
  void Line(const char* kind) {
    row_.kind = kind;
    row_.payload = spec::FormatEvent(event_);
  }

  Connection& connection_;
  SeriesRows& series_;
  const spec::Event& event_;
  EventRow& row_;
};

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

void InsertEvent(Connection& connection, const EventRow& row) {
  Query(connection,
        "INSERT INTO events (run, cursor, attempt, seq, time_ms, kind, step, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row.run, row.cursor, row.attempt, row.seq, row.time_ms, row.kind, row.step, row.payload)
      .Run();
}

EventRow StoreEvent(Connection& connection, SeriesRows& series, int64_t run, int64_t cursor,
                    const spec::Event& event) {
  EventRow row{.run = run,
               .cursor = cursor,
               .attempt = event.attempt,
               .seq = event.seq,
               .time_ms = ToMillis(event.time),
               .kind = "",
               .step = std::nullopt,
               .payload = ""};
  std::visit(Columns(connection, series, event, row), event.kind);
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
    spec::MetricsEvent metrics = ReadMetrics(connection, event.attempt, query.Int(6), payload);
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
