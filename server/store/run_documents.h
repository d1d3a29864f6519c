// The document that a run's trainer gets.
#pragma once

#include <string>
#include <vector>

#include "server/store/connection.h"
#include "server/store/ledger.h"
#include "server/store/requests.h"

namespace fp4::store {

// Of one run, by its internal key: with compute type and threads once the experiment has them.
std::string ReadRunDocument(Connection& connection, int64_t run_row);

// A checkpoint as its event tells of it.
struct ToldCheckpoint {
  spec::CheckpointEvent event;
  int32_t attempt = 0;
};
// Of those whose events are stored the newest, newest first, at most `limit`.
std::vector<ToldCheckpoint> NewestCheckpoints(Connection& connection, int64_t run_row,
                                              int32_t limit);

// All that the worker of a leased run needs to know.
Assignment MakeAssignment(Ledger& ledger, const std::string& run_id);

}  // namespace fp4::store
