#include "server/store/lookup.h"

#include "server/store/errors.h"

namespace fp4::store {
namespace {

// `query` gives (row, id) of what fits, in the order of the ids.
absl::StatusOr<Key> TheOnly(Query& query, std::string_view kind, std::string_view prefix) {
  if (prefix.empty() || !query.Next()) return NotFoundError(kind, prefix);
  Key key{.row = query.Int(0), .id = query.Text(1)};
  if (key.id != prefix && query.Next()) return AmbiguousIdError(kind, prefix);
  return key;
}

// Ids are letters and digits: all that begin with `prefix` lie between it and this.
std::string UpperEnd(std::string_view prefix) { return std::string(prefix) + '~'; }

}  // namespace

absl::StatusOr<Key> FindExperiment(Connection& connection, std::string_view prefix) {
  Query query(connection,
              "SELECT row, id FROM experiments "
              "WHERE id BETWEEN ? AND ? AND deleted_ms IS NULL ORDER BY id LIMIT 2",
              prefix, UpperEnd(prefix));
  return TheOnly(query, "experiment", prefix);
}

absl::StatusOr<Key> FindRun(Connection& connection, std::string_view prefix) {
  Query query(connection,
              "SELECT runs.row, runs.id FROM runs "
              "JOIN experiments ON experiments.row = runs.experiment "
              "WHERE runs.id BETWEEN ? AND ? AND deleted_ms IS NULL ORDER BY runs.id LIMIT 2",
              prefix, UpperEnd(prefix));
  return TheOnly(query, "run", prefix);
}

}  // namespace fp4::store
