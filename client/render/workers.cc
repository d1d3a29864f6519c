#include "client/render/workers.h"

#include "absl/strings/str_cat.h"
#include "client/render/numbers.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

std::string SlotsText(const v1::Worker& worker) {
  int busy = 0;
  for (const v1::Slot& slot : worker.slots()) busy += slot.run_id().empty() ? 0 : 1;
  return absl::StrCat(busy, "/", worker.slots_size());
}

std::string DeviceText(const v1::Worker& worker) {
  if (worker.slots_size() == 0) return "";
  const v1::Slot& slot = worker.slots(0);
  if (slot.kind() == v1::Slot::GPU) return slot.name();
  return absl::StrCat("CPU, ", slot.cpu_threads(), slot.cpu_threads() == 1 ? " thread" : " threads",
                      " a slot, ", slot.cpu_compute_dtype());
}

Cell StateCell(const v1::Worker& worker) {
  if (!worker.connected()) return Cell("away", Color::kRed);
  if (worker.drain() != v1::Worker::DRAIN_UNSPECIFIED) return Cell("drained", Color::kYellow);
  return worker.problem().empty() ? Cell("connected", Color::kGreen)
                                  : Cell("takes no work", Color::kRed);
}

// Why those that are there take no work.
std::string Problems(const v1::ListWorkersResponse& workers) {
  std::string text;
  for (const v1::Worker& worker : workers.workers()) {
    if (worker.problem().empty() || worker.drain() != v1::Worker::DRAIN_UNSPECIFIED) continue;
    absl::StrAppend(&text, "\n", Printable(worker.name()), ": ", Printable(worker.problem()), "\n");
  }
  return text;
}

std::string SlotDevice(const v1::Slot& slot) {
  if (slot.kind() == v1::Slot::GPU) return slot.name();
  return absl::StrCat("CPU, ", slot.cpu_threads(),
                      slot.cpu_threads() == 1 ? " thread" : " threads");
}

}  // namespace

std::string RenderWorkers(const v1::ListWorkersResponse& workers, absl::Time now,
                          const Layout& layout) {
  Table table({{.header = "WORKER", .min_width = 12, .names = true},
               {.header = "STATE"},
               {.header = "SLOTS BUSY", .right = true},
               {.header = "DEVICE", .min_width = 10, .drop_order = 2},
               {.header = "SEEN", .right = true, .drop_order = 1}});
  for (const v1::Worker& worker : workers.workers()) {
    table.AddRow({Printable(worker.name()), StateCell(worker), SlotsText(worker),
                  Printable(DeviceText(worker)),
                  FormatInterval(now - ToTime(worker.last_seen_time())) + " ago"});
  }
  return absl::StrCat(table.Render(layout), Problems(workers));
}

std::string RenderSlots(const v1::ListWorkersResponse& workers, const Layout& layout) {
  Table table({{.header = "WORKER", .min_width = 12, .names = true},
               {.header = "HOST", .min_width = 8, .drop_order = 2},
               {.header = "VERSION", .drop_order = 3},
               {.header = "STATE"},
               {.header = "SLOT", .right = true},
               {.header = "DEVICE", .min_width = 10},
               {.header = "MEMORY", .right = true, .drop_order = 1},
               {.header = "RUN"}});
  for (const v1::Worker& worker : workers.workers()) {
    for (const v1::Slot& slot : worker.slots()) {
      table.AddRow({Printable(worker.name()), Printable(worker.host()), Printable(worker.version()),
                    StateCell(worker), absl::StrCat(slot.index()), Printable(SlotDevice(slot)),
                    slot.memory_bytes() > 0
                        ? FormatCount(static_cast<double>(slot.memory_bytes())) + "B"
                        : "",
                    slot.run_id().empty() ? Cell("free", Color::kDim) : Cell(slot.run_id())});
    }
  }
  return absl::StrCat(table.Render(layout), Problems(workers));
}

}  // namespace fp4::client
