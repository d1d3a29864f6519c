#include "telemetry/disk_metrics.h"

#include <sys/statvfs.h>

#include <limits>

namespace fp4::telemetry {

void ExportDiskSpace(const std::string& prefix, const std::filesystem::path& folder,
                     MetricRegistry& registry) {
  prometheus::Gauge& free = registry.Gauge(
      prefix + "_disk_free_bytes", "Space that is left on the disk of this daemon's folder.");
  prometheus::Gauge& size =
      registry.Gauge(prefix + "_disk_size_bytes", "Size of the disk of this daemon's folder.");
  registry.OnCollect([folder, &free, &size] {
    struct statvfs info {};
    if (statvfs(folder.c_str(), &info) != 0) {
      free.Set(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    const double block = static_cast<double>(info.f_frsize);
    free.Set(static_cast<double>(info.f_bavail) * block);
    size.Set(static_cast<double>(info.f_blocks) * block);
  });
}

}  // namespace fp4::telemetry
