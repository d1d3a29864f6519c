#include "worker/host/slots.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"

namespace fp4::worker {
namespace {

int NumCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max<int>(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
}

std::string ProcessorName() {
  absl::StatusOr<std::string> text = ReadFile("/proc/cpuinfo");
  if (!text.ok()) return "unknown";
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::ConsumePrefix(&line, "model name")) continue;
    return std::string(
        absl::StripAsciiWhitespace(line.substr(std::min(line.find(':') + 1, line.size()))));
  }
  return "unknown";
}

}  // namespace

HostInfo ReadHostInfo() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return {.num_cores = NumCores(),
          .memory_bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE),
          .processor = ProcessorName(),
          .host_name = name};
}

std::vector<Slot> MakeSlots(const HostInfo& host, const std::vector<GpuInfo>& gpus,
                            int num_cpu_slots, const std::string& cpu_compute_dtype) {
  std::vector<Slot> slots;
  for (const GpuInfo& gpu : gpus) {
    slots.push_back({.kind = SlotKind::kGpu,
                     .device = gpu.uuid,
                     .name = gpu.name,
                     .memory_bytes = gpu.memory_bytes,
                     .cpu_compute_dtype = "bf16"});
  }
  const int num_cpu = num_cpu_slots > 0 ? num_cpu_slots : gpus.empty() ? 1 : 0;
  for (int i = 0; i < num_cpu; ++i) {
    slots.push_back({.kind = SlotKind::kCpu,
                     .device = "cpu",
                     .name = host.processor,
                     .memory_bytes = host.memory_bytes,
                     .cpu_compute_dtype = cpu_compute_dtype});
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i].index = static_cast<int32_t>(i);
    slots[i].cpu_threads = std::max(1, host.num_cores / static_cast<int>(slots.size()));
  }
  return slots;
}

}  // namespace fp4::worker
