#include "server/core/placement.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace fp4::core {
namespace {

constexpr double kBytesPerGib = 1 << 30;

// What a run asks of one kind of slot.
struct Demand {
  SlotKind kind = SlotKind::kCpu;
  size_t count = 1;
  double min_memory_gib = 0;

  bool Fits(const Slot& slot) const {
    return slot.kind == kind &&
           static_cast<double>(slot.memory_bytes) / kBytesPerGib >= min_memory_gib;
  }
};

// In the order of preference.
std::vector<Demand> DemandsOf(const spec::ResourceSpec& resources) {
  const Demand cpu{.kind = SlotKind::kCpu};
  if (resources.gpus_auto) {
    return {{.kind = SlotKind::kGpu, .min_memory_gib = resources.min_gpu_memory_gib}, cpu};
  }
  if (resources.gpus == 0) return {cpu};
  return {{.kind = SlotKind::kGpu,
           .count = static_cast<size_t>(resources.gpus),
           .min_memory_gib = resources.min_gpu_memory_gib}};
}

std::vector<int32_t> FittingSlots(const Demand& demand, const std::vector<Slot>& slots) {
  std::vector<int32_t> fitting;
  for (const Slot& slot : slots) {
    if (demand.Fits(slot)) fitting.push_back(slot.index);
  }
  return fitting;
}

std::optional<Placement> Place(const Demand& demand, const std::string& preferred,
                               const FreeSlots& free) {
  std::optional<Placement> best;
  for (const auto& [worker_id, slots] : free) {
    std::vector<int32_t> fitting = FittingSlots(demand, slots);
    if (fitting.size() < demand.count) continue;
    if (best && worker_id != preferred && fitting.size() <= best->slots.size()) continue;
    best = Placement{worker_id, std::move(fitting)};
    if (worker_id == preferred) break;
  }
  if (best) best->slots.resize(demand.count);
  return best;
}

std::string Describe(const Demand& demand) {
  if (demand.kind == SlotKind::kCpu) return "a CPU slot";
  std::string text = demand.count == 1 ? "a GPU slot" : absl::StrCat(demand.count, " GPU slots");
  if (demand.min_memory_gib > 0) absl::StrAppend(&text, " with ", demand.min_memory_gib, " GiB");
  return text;
}

}  // namespace

FreeSlots FindFreeSlots(const ClusterState& state) {
  std::set<std::pair<std::string, int32_t>> taken;
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    for (int32_t slot : run.lease->slots) taken.emplace(run.lease->worker_id, slot);
  }
  FreeSlots free;
  for (const auto& [id, worker] : state.workers) {
    if (!worker.polling) continue;
    for (const Slot& slot : worker.slots) {
      if (!taken.contains({id, slot.index})) free[id].push_back(slot);
    }
  }
  return free;
}

std::optional<Placement> PlaceRun(const RunEntry& run, const FreeSlots& free) {
  for (const Demand& demand : DemandsOf(run.resources)) {
    if (auto placement = Place(demand, run.last_worker_id, free)) return placement;
  }
  return std::nullopt;
}

std::string WhyQueued(const RunEntry& run, const ClusterState& state, absl::Duration now) {
  if (run.state != RunState::kQueued) return "";
  if (run.not_before > now) {
    return absl::StrCat("the next attempt starts in ",
                        absl::FormatDuration(absl::Ceil(run.not_before - now, absl::Seconds(1))));
  }
  size_t num_connected = 0, num_fitting = 0;
  const std::vector<Demand> demands = DemandsOf(run.resources);
  for (const auto& [id, worker] : state.workers) {
    if (!worker.polling) continue;
    ++num_connected;
    for (const Demand& demand : demands) {
      const size_t fitting = FittingSlots(demand, worker.slots).size();
      if (fitting >= demand.count) num_fitting += fitting;
    }
  }
  if (num_connected == 0) return "no worker is connected";
  if (num_fitting == 0) return absl::StrCat("no worker has ", Describe(demands.back()));
  return absl::StrCat("waits for ", Describe(demands.back()), ": ", num_fitting,
                      " would fit, other runs come first");
}

}  // namespace fp4::core
