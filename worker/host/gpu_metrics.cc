#include "worker/host/gpu_metrics.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace fp4::worker {
namespace {

void Refresh(const GpuLibrary& library, size_t index, prometheus::Gauge& used,
             prometheus::Counter* energy) {
  absl::StatusOr<GpuReading> reading = library.Read(index);
  if (!reading.ok()) {
    LogWarning("GPU not read", {{"gpu", index}, {"error", reading.status().ToString()}});
    return;
  }
  used.Set(static_cast<double>(reading->memory_used_bytes));
  // Scrapes may overlap; a counter must not fall.
  if (energy != nullptr) energy->Increment(std::max(0.0, reading->energy_joules - energy->Value()));
}

}  // namespace

void ExportGpuMetrics(const GpuLibrary& library, const std::vector<size_t>& indices,
                      telemetry::MetricRegistry& registry) {
  for (size_t index : indices) {
    const telemetry::Labels labels = {{"gpu", std::to_string(index)}};
    registry.Gauge("fp4_worker_gpu_memory_total_bytes", "Memory of the GPU.", labels)
        .Set(static_cast<double>(library.gpus()[index].memory_bytes));
    prometheus::Gauge& used = registry.Gauge("fp4_worker_gpu_memory_used_bytes",
                                             "Memory of the GPU in use, by anyone.", labels);
    absl::StatusOr<GpuReading> first = library.Read(index);
    prometheus::Counter* energy = nullptr;
    if (first.ok() && first->has_energy) {
      energy =
          &registry.Counter("fp4_worker_gpu_energy_joules_total",
                            "Energy that the GPU has used since its driver was loaded.", labels);
    }
    registry.OnCollect([&library, index, &used, energy] { Refresh(library, index, used, energy); });
  }
}

}  // namespace fp4::worker
