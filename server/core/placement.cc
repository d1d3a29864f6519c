#include "server/core/placement.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fp4::core {
namespace {

constexpr double kBytesPerGib = 1 << 30;
// Between two polls a worker is still there.
constexpr absl::Duration kPresence = absl::Seconds(10);

// What a run asks of one kind of slot.
struct Demand {
  SlotKind kind = SlotKind::kCpu;
  size_t count = 1;
  double min_memory_gib = 0;
  int64_t min_threads = 0;  // 0: any number will do
  std::string name = {};    // a part of the slot's, in lower case; empty: any

  bool Fits(const Slot& slot) const {
    return slot.kind == kind && slot.cpu_threads >= min_threads &&
           (name.empty() || absl::StrContains(absl::AsciiStrToLower(slot.name), name)) &&
           static_cast<double>(slot.memory_bytes) / kBytesPerGib >= min_memory_gib;
  }
};

// In the order of preference.
std::vector<Demand> DemandsOf(const spec::ResourceSpec& resources) {
  const int64_t threads = resources.cpu_threads;
  const Demand cpu{.kind = SlotKind::kCpu, .min_threads = threads};
  const Demand gpu{.kind = SlotKind::kGpu,
                   .count = static_cast<size_t>(resources.gpus_auto ? 1 : resources.gpus),
                   .min_memory_gib = resources.min_gpu_memory_gib,
                   .min_threads = threads,
                   .name = absl::AsciiStrToLower(resources.gpu_name)};
  if (resources.gpus_auto) return {gpu, cpu};
  return {resources.gpus == 0 ? cpu : gpu};
}

std::vector<int32_t> FittingSlots(const Demand& demand, const std::vector<Slot>& slots) {
  std::vector<int32_t> fitting;
  for (const Slot& slot : slots) {
    if (demand.Fits(slot)) fitting.push_back(slot.index);
  }
  return fitting;
}

std::optional<Placement> Place(const Demand& demand, const std::string& preferred,
                               const FreeSlots& free, const std::set<std::string>& passed_over) {
  std::optional<Placement> best;
  for (const auto& [worker_id, slots] : free) {
    if (passed_over.contains(worker_id)) continue;
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
  const bool cpu = demand.kind == SlotKind::kCpu;
  std::string text = cpu                 ? "a CPU slot"
                     : demand.count == 1 ? "a GPU slot"
                                         : absl::StrCat(demand.count, " GPU slots");
  if (!demand.name.empty()) absl::StrAppend(&text, " of '", demand.name, "'");
  if (demand.min_memory_gib > 0) absl::StrAppend(&text, " with ", demand.min_memory_gib, " GiB");
  if (demand.min_threads > 0) {
    absl::StrAppend(&text, demand.min_memory_gib > 0 ? " and " : " with ", demand.min_threads,
                    demand.min_threads == 1 ? " CPU thread" : " CPU threads");
  }
  return text;
}

}  // namespace

bool IsThere(const WorkerEntry& worker, absl::Duration now) {
  return worker.polling || now - worker.last_heard < kPresence;
}

bool TakesWork(const WorkerEntry& worker, absl::Duration now) {
  return worker.polling && WhyNoWork(worker, now).empty();
}

bool MustStop(const RunEntry& run) {
  return run.state == RunState::kCancelling || (run.lease && run.lease->preempted);
}

std::string WhyNoWork(const WorkerEntry& worker, absl::Duration now) {
  if (worker.drain != Drain::kNone) return "is drained: it takes no new runs until it is enabled";
  if (!worker.unfit.empty()) return worker.unfit;
  const WorkerStanding& standing = worker.standing;
  if (standing.paused_until <= now) return "";
  return absl::StrCat(
      "gets no work for ",
      absl::FormatDuration(absl::Ceil(standing.paused_until - now, absl::Seconds(1))), ": ",
      standing.num_bad_ends, standing.num_bad_ends == 1 ? " attempt" : " attempts in a row",
      " failed here; the last: ", standing.last);
}

bool MustStop(const RunEntry& run, const ClusterState& state) {
  if (MustStop(run)) return true;
  if (!run.lease) return false;
  const auto worker = state.workers.find(run.lease->worker_id);
  return worker != state.workers.end() && worker->second.drain == Drain::kNow;
}

FreeSlots FindFreeSlots(const ClusterState& state, absl::Duration now) {
  std::set<std::pair<std::string, int32_t>> taken;
  std::set<std::string> holders;
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    if (!run.progressed) holders.insert(run.lease->worker_id);
    for (int32_t slot : run.lease->slots) taken.emplace(run.lease->worker_id, slot);
  }
  FreeSlots free;
  for (const auto& [id, worker] : state.workers) {
    if (!TakesWork(worker, now)) continue;
    if (worker.standing.on_probation() && holders.contains(id)) continue;
    for (const Slot& slot : worker.slots) {
      if (!taken.contains({id, slot.index})) free[id].push_back(slot);
    }
  }
  return free;
}

std::set<std::string> PassedOver(const RunEntry& run, const ClusterState& state,
                                 absl::Duration now) {
  std::set<std::string> avoided;
  for (const auto& [id, until] : run.avoided) {
    if (until > now) avoided.insert(id);
  }
  if (avoided.empty()) return {};
  const bool has_other = std::ranges::any_of(state.workers, [&](const auto& entry) {
    const auto& [id, worker] = entry;
    return IsThere(worker, now) && !avoided.contains(id) && WhyNoWork(worker, now).empty() &&
           CountFitting(run.resources, worker) > 0;
  });
  return has_other ? avoided : std::set<std::string>{};
}

std::optional<Placement> PlaceRun(const RunEntry& run, const FreeSlots& free,
                                  const std::set<std::string>& passed_over) {
  for (const Demand& demand : DemandsOf(run.resources)) {
    if (auto placement = Place(demand, run.last_worker_id, free, passed_over)) return placement;
  }
  return std::nullopt;
}

std::string DescribeNeeds(const spec::ResourceSpec& resources) {
  return absl::StrJoin(DemandsOf(resources), " or ",
                       [](std::string* out, const Demand& demand) { *out += Describe(demand); });
}

size_t CountFitting(const spec::ResourceSpec& resources, const WorkerEntry& worker) {
  size_t count = 0;
  for (const Demand& demand : DemandsOf(resources)) {
    const size_t fitting = FittingSlots(demand, worker.slots).size();
    if (fitting >= demand.count) count += fitting;
  }
  return count;
}

std::string DescribeLastResort(const spec::ResourceSpec& resources) {
  return Describe(DemandsOf(resources).back());
}

int64_t NumSlots(const spec::ResourceSpec& resources) {
  return static_cast<int64_t>(DemandsOf(resources).front().count);
}

std::vector<std::vector<int32_t>> FittingByKind(const spec::ResourceSpec& resources,
                                                const std::vector<Slot>& slots) {
  std::vector<std::vector<int32_t>> fitting;
  for (const Demand& demand : DemandsOf(resources)) fitting.push_back(FittingSlots(demand, slots));
  return fitting;
}

void TakeSlots(FreeSlots& free, const Placement& placement) {
  auto worker = free.find(placement.worker_id);
  std::erase_if(worker->second, [&](const Slot& slot) {
    return std::ranges::find(placement.slots, slot.index) != placement.slots.end();
  });
  if (worker->second.empty()) free.erase(worker);
}

}  // namespace fp4::core
