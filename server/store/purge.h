// Removes what was deleted, a bit at a time, so that nobody waits for it.
#pragma once

#include "server/store/connection.h"

namespace fp4::store {

// Does one step inside the caller's transaction: the points of one series, the events of one run,
// or the remains of an experiment. False: nothing is left to do.
bool PurgeStep(Connection& connection);

// Whether a step is due. Cheap.
bool HasDeleted(Connection& connection);

}  // namespace fp4::store
