// Which slots a queued run gets. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/core/cluster_state.h"

namespace fp4::core {

// Slots by worker. A worker that does not poll for work has none here.
using FreeSlots = std::map<std::string, std::vector<Slot>>;

// The slots of polling workers that no lease holds, each worker's by index.
FreeSlots FindFreeSlots(const ClusterState& state);

struct Placement {
  std::string worker_id;
  std::vector<int32_t> slots;
};

// Slots of one worker that fit: `gpus` 0 takes one CPU slot, n takes n GPU slots with at least
// min_gpu_memory_gib each, "auto" takes a GPU slot if a free one fits, else a CPU slot. The worker
// of the last attempt is preferred (it has the checkpoints), then the one with the most free slots
// of that kind, then the smallest id. Nothing when none fits.
std::optional<Placement> PlaceRun(const RunEntry& run, const FreeSlots& free);

// Why a queued run waits, for people: "no worker is connected", "no worker has a GPU slot with
// 80 GiB", "all 4 fitting slots are busy", …
std::string WhyQueued(const RunEntry& run, const ClusterState& state, absl::Duration now);

}  // namespace fp4::core
