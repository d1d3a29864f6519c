#include "server/store/purge.h"

namespace fp4::store {
namespace {

constexpr int64_t kMaxPointsAtOnce = 20000;

// False: the run has no series left.
bool PurgeSeries(Connection& connection, int64_t run) {
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

// False: the experiment has no runs left.
bool PurgeRun(Connection& connection, int64_t experiment) {
  Query run(connection, "SELECT row FROM runs WHERE experiment = ? LIMIT 1", experiment);
  if (!run.Next()) return false;
  if (PurgeSeries(connection, run.Int(0))) return true;
  Query(connection, "DELETE FROM events WHERE run = ?", run.Int(0)).Run();
  Query(connection, "DELETE FROM attempts WHERE run = ?", run.Int(0)).Run();
  Query(connection, "DELETE FROM runs WHERE row = ?", run.Int(0)).Run();
  return true;
}

constexpr char kFindDeleted[] = "SELECT row FROM experiments WHERE deleted_ms IS NOT NULL LIMIT 1";

}  // namespace

bool HasDeleted(Connection& connection) { return Query(connection, kFindDeleted).Next(); }

bool PurgeStep(Connection& connection) {
  Query experiment(connection, kFindDeleted);
  if (!experiment.Next()) return false;
  if (PurgeRun(connection, experiment.Int(0))) return true;
  Query(connection, "DELETE FROM experiments WHERE row = ?", experiment.Int(0)).Run();
  return true;
}

}  // namespace fp4::store
