// Who is a worker: the rows of `workers`, and what is known of each in memory.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/store/ledger.h"
#include "server/store/requests.h"

namespace fp4::store {

// Enters the worker under its id, which it gives back: a new one, or the one that it was before
// (also when it had been forgotten). FAILED_PRECONDITION DUPLICATE_WORKER: another live worker has
// the same directory_id (core::JudgeClaim). PERMISSION_DENIED: it belongs to another identity.
absl::StatusOr<std::string> EnterWorker(Ledger& ledger, const RegisterWorker& request);

// Whether a worker's calls are `caller`'s: OK when that is empty. PERMISSION_DENIED: it registered
// with another identity, or is not known. FAILED_PRECONDITION UNKNOWN_WORKER: it registered while
// nobody was asked, and must do so again.
absl::Status CheckOwner(const Ledger& ledger, const std::string& worker_id,
                        const std::string& caller);

// It waits for work, or was heard of a moment ago; just after the controller's start the benefit of
// the doubt counts.
bool IsLive(const Ledger& ledger, const std::string& worker_id);

// Takes the worker off the lists. NOT_FOUND, AMBIGUOUS_ID: `id` is its id, a beginning of it, or
// its name. FAILED_PRECONDITION WORKER_IN_USE: it is live, or has a lease. Answers with its id.
absl::StatusOr<std::string> ForgetWorker(Ledger& ledger, const std::string& id);

// Whether it takes new runs. Errors as of ForgetWorker, but a live one is welcome. Answers with its
// id.
absl::StatusOr<std::string> DrainWorker(Ledger& ledger, const DrainWorkerRequest& request);

// Forgets whom nobody has heard of for a day and who has no lease. Looks once a minute.
void ForgetSilentWorkers(Ledger& ledger);

// Stores when workers were last seen, about once a minute, or `now`: readers of the database and a
// restarted controller tell the truth then.
void SaveSightings(Ledger& ledger, bool now = false);

}  // namespace fp4::store
