// The beginning and the end of attempts, in the ledger.
#pragma once

#include <string>

#include "server/core/decide.h"
#include "server/core/judge_exit.h"
#include "server/store/ledger.h"

namespace fp4::store {

// A queued run gets slots: one action of core::Decide.
void Assign(Ledger& ledger, const core::AssignRun& action);

// The lease was not renewed: one action of core::Decide.
void Expire(Ledger& ledger, const core::ExpireLease& action);

// The worker reported the end of the run's attempt, which is leased. The last words of a trainer
// that did not end by itself are kept as a log event.
void End(Ledger& ledger, const std::string& run_id, const core::Exit& exit);

// The lease is to end, so that another run gets its slots: one action of core::Decide.
void Preempt(Ledger& ledger, const core::PreemptRun& action);

// The leased attempt was never begun by its worker, and the run is to stop.
void EndUntaken(Ledger& ledger, const std::string& run_id);

}  // namespace fp4::store
