// Runs as people see them, from the database.
#pragma once

#include <string>
#include <vector>

#include "server/store/connection.h"
#include "server/store/points.h"
#include "server/store/records.h"

namespace fp4::store {

// The columns of RunRecord, in the order that ReadRun expects; add WHERE and ORDER BY.
#define FP4_SELECT_RUN_RECORDS                                                               \
  "SELECT runs.row, runs.id, experiments.id, experiments.name, variants.name, seed, state, " \
  "reason, runs.message, runs.attempt, num_restarts, workers.name, attempts.slots, step, "   \
  "total_steps, runs.created_ms, started_ms, finished_ms, runs.experiment FROM runs "        \
  "JOIN experiments ON experiments.row = runs.experiment "                                   \
  "JOIN variants ON variants.row = runs.variant "                                            \
  "LEFT JOIN attempts ON attempts.run = runs.row AND attempts.attempt = runs.attempt "       \
  "LEFT JOIN workers ON workers.row = attempts.worker "

// With the latest values and the health events, which it reads.
RunRecord ReadRun(Connection& connection, const Query& query, SeriesOf latest);
// About how many bytes it takes on the wire.
size_t NumBytes(const RunRecord& run);

std::vector<spec::HealthEvent> ReadHealth(Connection& connection, int64_t run_row);
// The JSON of each `started`, the newest last, and of the newest one alone; empty: none.
std::vector<std::string> ReadAllStarted(Connection& connection, int64_t run_row);
std::string ReadStarted(Connection& connection, int64_t run_row);

}  // namespace fp4::store
