#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/store/handlers.h"
#include "server/store/json_columns.h"
#include "server/store/lookup.h"
#include "server/store/run_creation.h"
#include "server/store/searches.h"

namespace fp4::store {
namespace {

using core::RunState;

std::string ContentHash(const NewExperiment& request) {
  Sha256 hash;
  hash.Update(absl::StrCat(request.document.size(), "\n"));
  hash.Update(request.document);
  hash.Update(FormatStrings(request.overrides));
  return hash.HexDigest();
}

// The experiment that an earlier call under the same request id made; an empty id: none.
absl::StatusOr<std::string> FindEarlier(Ledger& ledger, const NewExperiment& request) {
  if (request.request_id.empty()) return "";
  Query query(ledger.db(), "SELECT id, content_sha256 FROM experiments WHERE request_id = ?",
              request.request_id);
  if (!query.Next()) return "";
  if (query.Text(1) != ContentHash(request)) {
    return ErrorWithReason(absl::StatusCode::kAlreadyExists, reason::kRequestIdReused,
                           absl::StrCat("request_id '", request.request_id,
                                        "' was used before, with another document or other "
                                        "overrides, for experiment ",
                                        query.Text(0)));
  }
  return query.Text(0);
}

int64_t InsertExperiment(Ledger& ledger, const NewExperiment& request, const std::string& id) {
  const spec::Experiment& experiment = request.experiment;
  Query(ledger.Writing(),
        "INSERT INTO experiments (id, name, project, description, labels, document, document_name, "
        "overrides, content_sha256, request_id, created_by, created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id, experiment.name, experiment.project, experiment.description,
        FormatStrings(experiment.labels), request.document, request.document_name,
        FormatStrings(request.overrides), ContentHash(request),
        request.request_id.empty() ? std::nullopt : std::optional(request.request_id),
        request.created_by, ToMillis(ledger.now()))
      .Run();
  return ledger.db().LastRow();
}

// The run is not finished.
void Cancel(Ledger& ledger, const std::string& id) {
  core::RunEntry next = *ledger.FindRun(id);
  if (next.state == RunState::kCancelling) return;
  next.state = next.lease ? RunState::kCancelling : RunState::kCancelled;
  ledger.ChangeRun(id, next,
                   {.state = next.state,
                    .reason = std::string(reason::kCancelled),
                    .message = "",
                    .worker = ""});
}

std::vector<std::string> UnfinishedRuns(Ledger& ledger, const std::string& experiment_id) {
  std::vector<std::string> ids;
  for (const auto& [id, run] : ledger.state().runs) {
    if (run.experiment_id == experiment_id && !core::IsFinished(run.state)) ids.push_back(id);
  }
  return ids;
}

}  // namespace

absl::StatusOr<CreatedExperiment> Handle(Ledger& ledger, const NewExperiment& request) {
  FP4_ASSIGN_OR_RETURN(const std::string earlier, FindEarlier(ledger, request));
  if (!earlier.empty()) return CreatedExperiment{.id = earlier, .existed = true};
  Key experiment{.id = UnusedId(ledger, "SELECT 1 FROM experiments WHERE id = ?")};
  experiment.row = InsertExperiment(ledger, request, experiment.id);
  if (request.experiment.search) {
    StartSearch(ledger, experiment, request);
    return CreatedExperiment{.id = experiment.id, .existed = false};
  }
  int64_t position = 0;
  for (const spec::Variant& variant : request.experiment.variants) {
    const int64_t row = InsertVariant(ledger, experiment.row, position++, variant);
    for (uint64_t seed : request.experiment.seeds) {
      InsertRun(ledger, {experiment, request.created_by}, row, variant.run, seed);
    }
  }
  return CreatedExperiment{.id = experiment.id, .existed = false};
}

absl::StatusOr<std::string> CancelRun(Ledger& ledger, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const Key key, FindRun(ledger.db(), id));
  if (!core::IsFinished(ledger.FindRun(key.id)->state)) Cancel(ledger, key.id);
  return key.id;
}

absl::StatusOr<std::string> CancelExperiment(Ledger& ledger, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(ledger.db(), id));
  EndSearch(ledger, key.row, "the experiment was cancelled");
  for (const std::string& run : UnfinishedRuns(ledger, key.id)) Cancel(ledger, run);
  return key.id;
}

absl::StatusOr<std::string> RetryRun(Ledger& ledger, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const Key key, FindRun(ledger.db(), id));
  core::RunEntry next = *ledger.FindRun(key.id);
  if (next.state != RunState::kFailed && next.state != RunState::kCancelled) {
    return ErrorWithReason(
        absl::StatusCode::kFailedPrecondition, reason::kIllegalTransition,
        absl::StrCat("run ", key.id, " is ", std::string(core::RunStateName(next.state)),
                     "; only a failed or cancelled run can be tried again"));
  }
  next.state = RunState::kQueued;
  next.num_restarts = 0;
  next.num_fruitless = 0;
  next.avoided.clear();
  next.not_before = -absl::InfiniteDuration();
  ledger.ChangeRun(key.id, std::move(next),
                   {.state = RunState::kQueued,
                    .reason = std::string(reason::kRetried),
                    .message = "",
                    .worker = ""});
  return key.id;
}

absl::StatusOr<Nothing> DeleteExperiment(Ledger& ledger, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(ledger.db(), id));
  const std::vector<std::string> unfinished = UnfinishedRuns(ledger, key.id);
  if (!unfinished.empty()) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kRunsActive,
                           absl::StrCat("experiment ", key.id, ": ", unfinished.size(),
                                        " of its runs have not finished, ", unfinished.front(),
                                        " among them; cancel them first"));
  }
  EndSearch(ledger, key.row, "the experiment was deleted");
  ledger.searches().erase(key.row);
  Query finished(ledger.db(),
                 "SELECT state, COUNT(*) FROM runs WHERE experiment = ? GROUP BY state", key.row);
  while (finished.Next()) {
    ledger.counts()[core::RunStateFromName(finished.Text(0)).value()] -= finished.Int(1);
  }
  // The request id is free again: the experiment that it named is no more.
  Query(ledger.Writing(), "UPDATE experiments SET deleted_ms = ?, request_id = NULL WHERE row = ?",
        ToMillis(ledger.now()), key.row)
      .Run();
  return Nothing{};
}

}  // namespace fp4::store
