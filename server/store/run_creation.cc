#include "server/store/run_creation.h"

#include "server/store/json_columns.h"

namespace fp4::store {

std::string UnusedId(Ledger& ledger, const char* sql) {
  while (true) {
    std::string id = ledger.ids().NewId();
    if (!Query(ledger.db(), sql, id).Next()) return id;
  }
}

int64_t InsertVariant(Ledger& ledger, int64_t experiment, int64_t position,
                      const spec::Variant& variant,
                      const std::optional<std::string>& search_values) {
  const spec::RunSpec& run = variant.run;
  const spec::ResourceSpec& resources = run.resources;
  Query(ledger.Writing(),
        "INSERT INTO variants (experiment, position, name, resolved_document, total_steps, "
        "compute_dtype, gpus, min_gpu_memory_gib, cpu_threads, priority, max_runtime_ms, "
        "max_restarts, gpu_name, search_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        experiment, position, variant.name, variant.resolved_document, run.training.steps,
        ComputeDtypeName(run.training.compute_dtype),
        resources.gpus_auto ? std::nullopt : std::optional(resources.gpus),
        resources.min_gpu_memory_gib, resources.cpu_threads, resources.priority,
        absl::ToInt64Milliseconds(resources.max_runtime), run.max_restarts, resources.gpu_name,
        search_values)
      .Run();
  return ledger.db().LastRow();
}

void InsertRun(Ledger& ledger, const RunOwner& owner, int64_t variant_row, const spec::RunSpec& run,
               uint64_t seed, std::optional<int64_t> trial) {
  const std::string id = UnusedId(ledger, "SELECT 1 FROM runs WHERE id = ?");
  const int64_t now_ms = ToMillis(ledger.now());
  Query(ledger.Writing(),
        "INSERT INTO runs (id, experiment, variant, seed, state, created_ms, queued_ms, trial) "
        "VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
        id, owner.experiment.row, variant_row, static_cast<int64_t>(seed), now_ms, now_ms, trial)
      .Run();
  core::RunEntry entry;
  entry.experiment_id = owner.experiment.id;
  entry.project = run.project;
  entry.created_by = owner.created_by;
  entry.queued_since = ledger.since_boot();
  entry.experiment_order = owner.experiment.row;
  entry.order = ledger.db().LastRow();
  entry.max_restarts = static_cast<int32_t>(run.max_restarts);
  entry.resources = run.resources;
  RunInfo info{.row = entry.order,
               .experiment_row = owner.experiment.row,
               .variant_row = variant_row,
               .queued_ms = now_ms,
               .trial = trial,
               .series = {},
               .awaited_seq = std::nullopt};
  ledger.AddRun(id, std::move(entry), std::move(info));
}

}  // namespace fp4::store
