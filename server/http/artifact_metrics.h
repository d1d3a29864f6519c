// What the controller tells Prometheus of its disks and of the checkpoints that it holds.
#pragma once

#include "server/artifacts/artifact_store.h"
#include "server/artifacts/disk_guard.h"
#include "telemetry/metric_registry.h"

namespace fp4::http {

// All outlive the registry's last scrape.
void ExportArtifactGauges(telemetry::MetricRegistry& registry,
                          const artifacts::ArtifactStore& artifacts,
                          const artifacts::DiskGuard& disk);

}  // namespace fp4::http
