#include "server/core/placement.h"

#include <algorithm>
#include <set>

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

  bool Fits(const Slot& slot) const {
    return slot.kind == kind && slot.cpu_threads >= min_threads &&
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
                   .min_threads = threads};
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
  if (demand.min_memory_gib > 0) absl::StrAppend(&text, " with ", demand.min_memory_gib, " GiB");
  if (demand.min_threads > 0) {
    absl::StrAppend(&text, demand.min_memory_gib > 0 ? " and " : " with ", demand.min_threads,
                    demand.min_threads == 1 ? " CPU thread" : " CPU threads");
  }
  return text;
}

bool TakesWork(const WorkerEntry& worker, absl::Duration now) {
  return worker.polling && WhyNoWork(worker, now).empty();
}

// Slots of the worker, free or not, that would do.
size_t CountFitting(const RunEntry& run, const WorkerEntry& worker) {
  size_t count = 0;
  for (const Demand& demand : DemandsOf(run.resources)) {
    const size_t fitting = FittingSlots(demand, worker.slots).size();
    if (fitting >= demand.count) count += fitting;
  }
  return count;
}

// "NAME: why", of those that are there and get no work.
std::string DescribeUnfit(const ClusterState& state, absl::Duration now) {
  std::vector<std::string> texts;
  for (const auto& [id, worker] : state.workers) {
    const std::string why = worker.polling ? WhyNoWork(worker, now) : "";
    if (!why.empty()) texts.push_back(absl::StrCat(worker.name, ": ", why));
  }
  return absl::StrJoin(texts, "; ");
}

}  // namespace

std::string WhyNoWork(const WorkerEntry& worker, absl::Duration now) {
  if (!worker.unfit.empty()) return worker.unfit;
  const WorkerStanding& standing = worker.standing;
  if (standing.paused_until <= now) return "";
  return absl::StrCat(
      "gets no work for ",
      absl::FormatDuration(absl::Ceil(standing.paused_until - now, absl::Seconds(1))), ": ",
      standing.num_bad_ends, standing.num_bad_ends == 1 ? " attempt" : " attempts in a row",
      " failed here; the last: ", standing.last);
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
    const bool there = worker.polling || now - worker.last_heard < kPresence;
    return there && !avoided.contains(id) && WhyNoWork(worker, now).empty() &&
           CountFitting(run, worker) > 0;
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

std::string WhyQueued(const RunEntry& run, const ClusterState& state, absl::Duration now) {
  if (run.state != RunState::kQueued) return "";
  if (run.not_before > now) {
    return absl::StrCat("the next attempt starts in ",
                        absl::FormatDuration(absl::Ceil(run.not_before - now, absl::Seconds(1))));
  }
  size_t num_taking = 0, num_fitting = 0;
  for (const auto& [id, worker] : state.workers) {
    if (!TakesWork(worker, now)) continue;
    ++num_taking;
    num_fitting += CountFitting(run, worker);
  }
  const std::string unfit = DescribeUnfit(state, now);
  const std::string besides = unfit.empty() ? "" : absl::StrCat(" (", unfit, ")");
  if (num_taking == 0) {
    return unfit.empty() ? "no worker is connected"
                         : absl::StrCat("no connected worker takes work: ", unfit);
  }
  const std::string wanted = Describe(DemandsOf(run.resources).back());
  if (num_fitting == 0) return absl::StrCat("no worker has ", wanted, besides);
  return absl::StrCat("waits for ", wanted, ": ", num_fitting, " would fit, other runs come first",
                      besides);
}

}  // namespace fp4::core
