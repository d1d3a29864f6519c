#pragma once

#include "base/gpu.h"
#include "telemetry/metric_registry.h"

namespace fp4::worker {

// Exports memory and energy of the GPUs at `indices`, read at each scrape:
// fp4_worker_gpu_memory_used_bytes, fp4_worker_gpu_memory_total_bytes,
// fp4_worker_gpu_energy_joules_total, label gpu: the index. `library` outlives the registry's last
// scrape. A reading that fails leaves the values as they were.
void ExportGpuMetrics(const GpuLibrary& library, const std::vector<size_t>& indices,
                      telemetry::MetricRegistry& registry);

}  // namespace fp4::worker
