// The table of the checkpoints that exist. Functions throw what SQLite throws.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/ledger.h"
#include "server/store/records.h"
#include "server/store/requests.h"

namespace fp4::store {

// ---- Reading.
// Of one run, newest first, with why each is kept.
std::vector<CheckpointRecord> ReadCheckpoints(Connection& connection, int64_t run_row);
// All that the controller holds, but for those of deleted experiments.
std::vector<StoredCheckpoint> ReadStored(Connection& connection);
// To resume from, newest first: the events of the newest ones, and what the controller holds of
// older ones.
std::vector<AssignedCheckpoint> ReadResumable(Connection& connection, int64_t run_row);

// ---- Writing, on the writer's thread.
// A trainer's event says that one lies on the worker's disk now.
void NoteWritten(Ledger& ledger, int64_t run_row, const std::string& worker_id, int32_t attempt,
                 const spec::CheckpointEvent& event);
// The worker's disk is gone for good.
void ForgetOnWorker(Ledger& ledger, int64_t worker_row);
// Notes what lies there, and no longer does, and says what the controller wants of it.
absl::StatusOr<WantedCheckpoints> Handle(Ledger& ledger, const OfferCheckpoints& request);
// The controller holds it now, whole and safe. FAILED_PRECONDITION NOT_WANTED: no such run, or none
// of its checkpoint events tells of it, or tells another digest.
absl::StatusOr<Nothing> NoteStored(Ledger& ledger, const StoredCheckpoint& checkpoint);
// What is superfluous of a run is noted as held no longer; the files may then go.
absl::StatusOr<Nothing> DropSuperfluous(Ledger& ledger, const std::string& run_id);
// The same of what must go so that `bytes` are freed: core::ChooseEvicted. RESOURCE_EXHAUSTED
// ARTIFACT_SPACE: so much cannot be freed.
absl::StatusOr<Nothing> Evict(Ledger& ledger, int64_t bytes);

}  // namespace fp4::store
