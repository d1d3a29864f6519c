#include "server/store/purge.h"

#include "server/store/points.h"

namespace fp4::store {
namespace {

// False: the experiment has no runs left.
bool PurgeRun(Connection& connection, int64_t experiment) {
  Query run(connection, "SELECT row FROM runs WHERE experiment = ? LIMIT 1", experiment);
  if (!run.Next()) return false;
  if (PurgePoints(connection, run.Int(0))) return true;
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
