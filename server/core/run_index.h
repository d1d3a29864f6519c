// Runs by what decisions ask of them, so that a decision costs what has changed and not how many
// runs wait.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "spec/run_spec.h"

namespace fp4::core {

struct RunEntry;

// What decides where a run fits: runs of one demand fit the same slots.
using DemandKey = std::tuple<bool, int64_t, double, int64_t, std::string>;
DemandKey DemandOf(const spec::ResourceSpec& resources);

// Queued runs of one experiment, priority and demand.
struct QueueLine {
  int64_t minus_priority = 0, experiment_order = 0;
  DemandKey demand;
  std::string project, created_by;  // of the experiment
  auto operator<=>(const QueueLine&) const = default;
};

// Holds ids only. Whoever changes a run's state, lease, priority or resources takes it out before
// and puts it in afterwards.
struct RunIndex {
  void Add(const std::string& id, const RunEntry& run);
  void Remove(const std::string& id, const RunEntry& run);

  std::set<std::string> leased;
  // By (order, id): the oldest first.
  std::map<QueueLine, std::set<std::pair<int64_t, std::string>>> queued;
};

// Of a whole map, as a check and for tests.
RunIndex IndexOf(const std::map<std::string, RunEntry>& runs);

}  // namespace fp4::core
