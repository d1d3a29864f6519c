#include "telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace fp4::telemetry {
namespace {

prometheus::MetricFamily OneValue(const char* name, const char* help, prometheus::MetricType type,
                                  double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return family;
}

struct ProcessStat {
  double cpu_seconds, start_seconds_after_boot, virtual_bytes, resident_bytes;
};

// Fields 14, 15, 22, 23 and 24 of /proc/self/stat (proc(5)). Counting starts after the command's
// name, which may hold spaces and parentheses.
std::optional<ProcessStat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::vector<std::string> field(3);  // so that field[n] is number n of the manual page
  for (std::string text; fields >> text;) field.push_back(text);
  if (field.size() < 25) return std::nullopt;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ProcessStat{
      .cpu_seconds = (std::stod(field[14]) + std::stod(field[15])) / ticks,
      .start_seconds_after_boot = std::stod(field[22]) / ticks,
      .virtual_bytes = std::stod(field[23]),
      .resident_bytes = std::stod(field[24]) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

std::optional<double> BootTimeSeconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

std::optional<double> NumOpenDescriptors() {
  std::error_code error;
  std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return std::nullopt;
  // The iterator's own descriptor is among them.
  return static_cast<double>(std::distance(begin(folder), end(folder)) - 1);
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectProcessMetrics() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  auto add = [&](const char* name, const char* help, MetricType type, double value) {
    families.push_back(OneValue(name, help, type, value));
  };
  if (const auto stat = ReadStat()) {
    add("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
        stat->resident_bytes);
    add("process_virtual_memory_bytes", "Virtual memory.", MetricType::Gauge, stat->virtual_bytes);
    add("process_cpu_seconds_total", "User and system time used.", MetricType::Counter,
        stat->cpu_seconds);
    if (const auto boot = BootTimeSeconds()) {
      add("process_start_time_seconds", "Start of the process, in seconds since 1970.",
          MetricType::Gauge, *boot + stat->start_seconds_after_boot);
    }
  }
  if (const auto open = NumOpenDescriptors()) {
    add("process_open_fds", "Open file descriptors.", MetricType::Gauge, *open);
  }
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace fp4::telemetry
