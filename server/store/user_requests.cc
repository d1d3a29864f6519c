#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/store/handlers.h"
#include "server/store/json_columns.h"
#include "server/store/lookup.h"

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

std::string UnusedId(Ledger& ledger, const char* sql) {
  while (true) {
    std::string id = ledger.ids().NewId();
    if (!Query(ledger.db(), sql, id).Next()) return id;
  }
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

int64_t InsertVariant(Ledger& ledger, int64_t experiment, int64_t position,
                      const spec::Variant& variant) {
  const spec::RunSpec& run = variant.run;
  const spec::ResourceSpec& resources = run.resources;
  Query(ledger.Writing(),
        "INSERT INTO variants (experiment, position, name, resolved_document, total_steps, "
        "compute_dtype, gpus, min_gpu_memory_gib, cpu_threads, priority, max_runtime_ms, "
        "max_restarts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        experiment, position, variant.name, variant.resolved_document, run.training.steps,
        ComputeDtypeName(run.training.compute_dtype),
        resources.gpus_auto ? std::nullopt : std::optional(resources.gpus),
        resources.min_gpu_memory_gib, resources.cpu_threads, resources.priority,
        absl::ToInt64Milliseconds(resources.max_runtime), run.max_restarts)
      .Run();
  return ledger.db().LastRow();
}

void InsertRun(Ledger& ledger, const Key& experiment, int64_t variant_row, const spec::RunSpec& run,
               uint64_t seed) {
  const std::string id = UnusedId(ledger, "SELECT 1 FROM runs WHERE id = ?");
  const int64_t now_ms = ToMillis(ledger.now());
  Query(ledger.Writing(),
        "INSERT INTO runs (id, experiment, variant, seed, state, created_ms, queued_ms) "
        "VALUES (?, ?, ?, ?, 'queued', ?, ?)",
        id, experiment.row, variant_row, static_cast<int64_t>(seed), now_ms, now_ms)
      .Run();
  core::RunEntry entry;
  entry.experiment_id = experiment.id;
  entry.experiment_order = experiment.row;
  entry.order = ledger.db().LastRow();
  entry.max_restarts = static_cast<int32_t>(run.max_restarts);
  entry.resources = run.resources;
  RunInfo info{.row = entry.order,
               .experiment_row = experiment.row,
               .variant_row = variant_row,
               .queued_ms = now_ms,
               .series = {},
               .awaited_seq = std::nullopt};
  ledger.AddRun(id, std::move(entry), std::move(info));
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
  int64_t position = 0;
  for (const spec::Variant& variant : request.experiment.variants) {
    const int64_t row = InsertVariant(ledger, experiment.row, position++, variant);
    for (uint64_t seed : request.experiment.seeds) {
      InsertRun(ledger, experiment, row, variant.run, seed);
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
