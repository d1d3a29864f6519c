#include "server/store/run_documents.h"

#include "server/core/machine_choices.h"
#include "server/store/checkpoints.h"
#include "server/store/json_columns.h"
#include "spec/document.h"

namespace fp4::store {

std::vector<ToldCheckpoint> NewestCheckpoints(Connection& connection, int64_t run_row,
                                              int32_t limit) {
  std::vector<ToldCheckpoint> checkpoints;
  Query query(connection,
              "SELECT payload, attempt FROM events WHERE run = ? AND kind = 'checkpoint' "
              "AND kind <> 'metrics' ORDER BY cursor DESC LIMIT ?",
              run_row, limit);
  while (query.Next()) {
    absl::StatusOr<spec::Event> event = spec::ParseEvent(query.Text(0));
    if (!event.ok()) continue;
    checkpoints.push_back({std::get<spec::CheckpointEvent>(std::move(event->kind)),
                           static_cast<int32_t>(query.Int(1))});
  }
  return checkpoints;
}

std::string ReadRunDocument(Connection& connection, int64_t run_row) {
  Query query(connection,
              "SELECT variants.name, resolved_document, seed, variants.compute_dtype, "
              "variants.cpu_threads, experiments.compute_dtype, experiments.cpu_threads "
              "FROM runs JOIN variants ON variants.row = variant "
              "JOIN experiments ON experiments.row = runs.experiment WHERE runs.row = ?",
              run_row);
  if (!query.Next()) return "";
  spec::Variant variant;
  variant.name = query.Text(0);
  variant.resolved_document = query.Text(1);
  std::string document = spec::RunDocument(variant, static_cast<uint64_t>(query.Int(2)));
  if (query.IsNull(5)) return document;
  const core::MachineChoices choices =
      core::Resolve({ComputeDtypeFromName(query.Text(3)), query.Int(4)},
                    {ComputeDtypeFromName(query.Text(5)), query.Int(6)});
  return spec::WithMachineChoices(document, choices.compute_dtype, choices.cpu_threads);
}

Assignment MakeAssignment(Ledger& ledger, const std::string& run_id) {
  const core::RunEntry& run = *ledger.FindRun(run_id);
  const RunInfo& info = ledger.Info(run_id);
  Assignment assignment;
  assignment.held = {run_id, run.attempt};
  assignment.experiment_id = run.experiment_id;
  assignment.document = ReadRunDocument(ledger.db(), info.row);
  assignment.slots = run.lease->slots;
  assignment.next_seq = info.last_seq + 1;
  assignment.checkpoints = ReadResumable(ledger.db(), info.row);
  Query query(ledger.db(),
              "SELECT name, max_runtime_ms, seed FROM runs "
              "JOIN variants ON variants.row = variant WHERE runs.row = ?",
              info.row);
  if (query.Next()) {
    assignment.variant = query.Text(0);
    assignment.max_runtime = absl::Milliseconds(query.Int(1));
    assignment.seed = static_cast<uint64_t>(query.Int(2));
  }
  return assignment;
}

}  // namespace fp4::store
