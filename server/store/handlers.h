// What the writer does for each request. A handler checks first and then writes: one that gives
// back an error has changed nothing. It may run twice when the transaction failed in between, after
// the ledger was loaded anew.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/ledger.h"
#include "server/store/records.h"
#include "server/store/requests.h"

namespace fp4::store {

// ---- user_requests.cc
absl::StatusOr<CreatedExperiment> Handle(Ledger& ledger, const NewExperiment& request);
absl::StatusOr<std::string> CancelRun(Ledger& ledger, const std::string& id);
absl::StatusOr<std::string> CancelExperiment(Ledger& ledger, const std::string& id);
absl::StatusOr<std::string> RetryRun(Ledger& ledger, const std::string& id);
absl::StatusOr<Nothing> DeleteExperiment(Ledger& ledger, const std::string& id);

// ---- worker_requests.cc
// The worker, when it is known and this is its incarnation; UNKNOWN_WORKER else, or what CheckOwner
// says. Notes that it was seen.
absl::StatusOr<core::WorkerEntry*> CheckWorker(Ledger& ledger, const std::string& worker_id,
                                               const std::string& incarnation,
                                               const std::string& caller);
absl::StatusOr<RegisteredWorker> Handle(Ledger& ledger, const RegisterWorker& request);
absl::StatusOr<RenewedLeases> Handle(Ledger& ledger, const RenewLeases& request);
std::vector<WorkerRecord> ListWorkers(Ledger& ledger);
// Answers with what was known of it.
absl::StatusOr<WorkerRecord> Handle(Ledger& ledger, const ForgetWorkerRequest& request);
// Answers with it as it is then.
absl::StatusOr<WorkerRecord> Handle(Ledger& ledger, const DrainWorkerRequest& request);

// ---- report_requests.cc
absl::StatusOr<ReportedEvents> Handle(Ledger& ledger, const ReportEvents& request);
absl::StatusOr<Nothing> Handle(Ledger& ledger, const ReportExit& request);

}  // namespace fp4::store
