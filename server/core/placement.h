// Which slots a queued run gets. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/core/cluster_state.h"

namespace fp4::core {

// Slots by worker. A worker that gets no work now has none here.
using FreeSlots = std::map<std::string, std::vector<Slot>>;

// Whether the worker of a leased run shall stop it.
bool MustStop(const RunEntry& run);

// Why the worker gets no work although it is there, for people; empty: it does, or it is not there.
std::string WhyNoWork(const WorkerEntry& worker, absl::Duration now);

// Whether it shall, or its worker shall be empty soon (Drain::kNow).
bool MustStop(const RunEntry& run, const ClusterState& state);

// The slots that no lease holds, each worker's by index, of the workers that wait for work, are fit
// for it and are not paused. A worker on probation has none while it holds a run that it has not
// yet brought further.
FreeSlots FindFreeSlots(const ClusterState& state, absl::Duration now);

// Workers that the run passes over now (RunEntry::avoided). None where no other worker that takes
// work has slots that would fit it, free or not.
std::set<std::string> PassedOver(const RunEntry& run, const ClusterState& state,
                                 absl::Duration now);

struct Placement {
  std::string worker_id;
  std::vector<int32_t> slots;
};

// Slots of one worker that fit: `gpus` 0 takes one CPU slot, n takes n GPU slots with at least
// min_gpu_memory_gib each and gpu_name in its name, "auto" takes a GPU slot if a free one fits,
// else a CPU slot; each with at least cpu_threads threads. Workers in `passed_over` get nothing.
// The worker of the last attempt is preferred (it has the checkpoints), then the one with the most
// free slots of that kind, then the smallest id. Nothing when none fits.
std::optional<Placement> PlaceRun(const RunEntry& run, const FreeSlots& free,
                                  const std::set<std::string>& passed_over = {});

// How many slots the run takes: of each kind that it would be content with the same number.
int64_t NumSlots(const spec::ResourceSpec& resources);

// Those of `slots` that would do for one kind that the run would be content with, by index; the
// kinds in the order of preference.
std::vector<std::vector<int32_t>> FittingByKind(const spec::ResourceSpec& resources,
                                                const std::vector<Slot>& slots);

// Slots of the worker, free or not, that would do.
size_t CountFitting(const spec::ResourceSpec& resources, const WorkerEntry& worker);

// Whether the worker was heard of a moment ago. One that has just got a run does not wait for work
// until it has taken that one.
bool IsThere(const WorkerEntry& worker, absl::Duration now);

// Whether the worker waits for work and gets some.
bool TakesWork(const WorkerEntry& worker, absl::Duration now);

// Takes the placement's slots out of those that are free.
void TakeSlots(FreeSlots& free, const Placement& placement);

// The least that the run would be content with, for people: "a CPU slot".
std::string DescribeLastResort(const spec::ResourceSpec& resources);

// What would start a run, for people: "a GPU slot with 80 GiB", "a GPU slot or a CPU slot".
std::string DescribeNeeds(const spec::ResourceSpec& resources);

}  // namespace fp4::core
