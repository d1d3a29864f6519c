#include "server/store/run_rows.h"

#include "server/store/event_rows.h"
#include "server/store/json_columns.h"

namespace fp4::store {
namespace {

// The run's events of one kind, oldest first.
template <typename Kind>
std::vector<Kind> ReadEventsOf(Connection& connection, const char* kind, int64_t run_row) {
  std::vector<Kind> events;
  Query query(connection,
              "SELECT payload FROM events WHERE run = ? AND kind = ? AND kind <> 'metrics' "
              "ORDER BY cursor",
              run_row, kind);
  while (query.Next()) {
    absl::StatusOr<spec::Event> event = spec::ParseEvent(query.Text(0));
    if (event.ok()) events.push_back(std::get<Kind>(std::move(event->kind)));
  }
  return events;
}

std::optional<absl::Time> OptionalTime(const Query& query, int column) {
  const std::optional<int64_t> millis = query.OptionalInt(column);
  return millis ? std::optional(FromMillis(*millis)) : std::nullopt;
}

}  // namespace

RunRecord ReadRun(Connection& connection, const Query& query, SeriesOf latest) {
  RunRecord run;
  run.id = query.Text(1);
  run.experiment_id = query.Text(2);
  run.experiment_name = query.Text(3);
  run.variant = query.Text(4);
  run.seed = static_cast<uint64_t>(query.Int(5));
  run.state = core::RunStateFromName(query.Text(6)).value();
  run.reason = query.Text(7);
  run.message = query.Text(8);
  run.attempt = static_cast<int32_t>(query.Int(9));
  run.num_restarts = static_cast<int32_t>(query.Int(10));
  run.worker = query.Text(11);
  if (!query.IsNull(12)) run.slots = ParseIntegers(query.Text(12));
  run.step = query.Int(13);
  run.total_steps = query.Int(14);
  run.create_time = FromMillis(query.Int(15));
  run.start_time = OptionalTime(query, 16);
  run.finish_time = OptionalTime(query, 17);
  run.latest = LatestValues(connection, query.Int(0), latest);
  run.health = ReadHealth(connection, query.Int(0));
  return run;
}

size_t NumBytes(const RunRecord& run) {
  size_t bytes = 200 + run.message.size() + run.experiment_name.size() + run.variant.size();
  for (const auto& [name, value] : run.latest) bytes += name.size() + 13;
  for (const spec::HealthEvent& event : run.health) {
    bytes += event.layer.size() + event.message.size() + 40;
  }
  return bytes;
}

std::vector<spec::HealthEvent> ReadHealth(Connection& connection, int64_t run_row) {
  return ReadEventsOf<spec::HealthEvent>(connection, "health", run_row);
}

std::vector<std::string> ReadAllStarted(Connection& connection, int64_t run_row) {
  std::vector<std::string> all;
  for (auto& started : ReadEventsOf<spec::StartedEvent>(connection, "started", run_row)) {
    all.push_back(std::move(started.json));
  }
  return all;
}

std::string ReadStarted(Connection& connection, int64_t run_row) {
  std::vector<std::string> all = ReadAllStarted(connection, run_row);
  return all.empty() ? "" : std::move(all.back());
}

}  // namespace fp4::store
