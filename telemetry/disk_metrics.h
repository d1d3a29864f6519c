// Space on the disk of a daemon's folder, which alerts watch.
#pragma once

#include <filesystem>
#include <string>

#include "telemetry/metric_registry.h"

namespace fp4::telemetry {

// Adds the gauges PREFIX_disk_free_bytes, what an unprivileged user may still write, and
// PREFIX_disk_size_bytes, read anew at each scrape. While the folder cannot be asked, the free
// space is NaN: no number, rather than an old one that looks well.
void ExportDiskSpace(const std::string& prefix, const std::filesystem::path& folder,
                     MetricRegistry& registry);

}  // namespace fp4::telemetry
