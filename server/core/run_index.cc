#include "server/core/run_index.h"

#include "server/core/cluster_state.h"

namespace fp4::core {
namespace {

QueueLine LineOf(const RunEntry& run) {
  return {.minus_priority = -run.resources.priority,
          .experiment_order = run.experiment_order,
          .demand = DemandOf(run.resources),
          .project = run.project,
          .created_by = run.created_by};
}

}  // namespace

DemandKey DemandOf(const spec::ResourceSpec& resources) {
  return {resources.gpus_auto, resources.gpus, resources.min_gpu_memory_gib, resources.cpu_threads,
          resources.gpu_name};
}

void RunIndex::Add(const std::string& id, const RunEntry& run) {
  if (run.lease) leased.insert(id);
  if (run.state == RunState::kQueued) queued[LineOf(run)].emplace(run.order, id);
}

void RunIndex::Remove(const std::string& id, const RunEntry& run) {
  leased.erase(id);
  const auto line = queued.find(LineOf(run));
  if (line == queued.end()) return;
  line->second.erase({run.order, id});
  if (line->second.empty()) queued.erase(line);
}

RunIndex IndexOf(const std::map<std::string, RunEntry>& runs) {
  RunIndex index;
  for (const auto& [id, run] : runs) index.Add(id, run);
  return index;
}

}  // namespace fp4::core
