#include "server/http/artifact_metrics.h"

#include <memory>

namespace fp4::http {
namespace {

class ArtifactGauges {
 public:
  ArtifactGauges(telemetry::MetricRegistry& registry, const artifacts::ArtifactStore& artifacts,
                 const artifacts::DiskGuard& disk)
      : artifacts_(artifacts),
        disk_(disk),
        free_(registry.Gauge("fp4_controller_artifact_disk_free_bytes",
                             "Left on the disk of the checkpoints.")),
        takes_work_(registry.Gauge("fp4_controller_takes_work",
                                   "1; 0 while there is too little space on the disk.")) {}

  void Refresh() {
    const absl::StatusOr<int64_t> free = artifacts::FreeBytes(artifacts_.folder().path());
    free_.Set(free.ok() ? static_cast<double>(*free) : 0);
    takes_work_.Set(disk_.Check().ok() ? 1 : 0);
  }

 private:
  const artifacts::ArtifactStore& artifacts_;
  const artifacts::DiskGuard& disk_;
  prometheus::Gauge& free_;
  prometheus::Gauge& takes_work_;
};

}  // namespace

void ExportArtifactGauges(telemetry::MetricRegistry& registry,
                          const artifacts::ArtifactStore& artifacts,
                          const artifacts::DiskGuard& disk) {
  auto gauges = std::make_shared<ArtifactGauges>(registry, artifacts, disk);
  registry.OnCollect([gauges] { gauges->Refresh(); });
}

}  // namespace fp4::http
