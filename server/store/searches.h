// Searches: what their trials report at rungs, and which trials come next. Everything that a
// decision rests on is stored in the transaction of the report that caused it, so a search goes on
// after a restart as if there had been none.
#pragma once

#include <cstdint>
#include <string>

#include "server/store/ledger.h"
#include "server/store/requests.h"

namespace fp4::store {

// A new experiment's search, with its first trials.
void StartSearch(Ledger& ledger, const Key& experiment, const NewExperiment& request);

// No further trial is made; `why` is for people. Does nothing for an experiment without a search,
// or with one that has ended.
void EndSearch(Ledger& ledger, int64_t experiment_row, const std::string& why);

// What a trial has reported and is stored. Where it passes a rung of asha, it is stopped or goes
// on.
void NoteTrialReport(Ledger& ledger, const std::string& run_id, const spec::MetricsEvent& metrics);

// Takes notice of the trials that ended, and makes new ones where there is room: so many for each
// call that a transaction does not take long.
void AdvanceSearches(Ledger& ledger);

}  // namespace fp4::store
