#include "server/core/queue_order.h"

#include <algorithm>
#include <tuple>

#include "server/core/placement.h"

namespace fp4::core {
namespace {

// By the time at which they may start.
std::vector<const QueueOrder::Run*> PausingRuns(const ClusterState& state, absl::Duration now) {
  std::vector<const QueueOrder::Run*> pausing;
  for (const auto& [key, line] : state.index.queued) {
    for (const auto& [order, id] : line) {
      const auto run = state.runs.find(id);
      if (run->second.not_before > now) pausing.push_back(&*run);
    }
  }
  std::ranges::stable_sort(pausing, {}, [](const QueueOrder::Run* run) {
    return std::tuple(run->second.not_before, run->second.order);
  });
  return pausing;
}

}  // namespace

QueueOrder::QueueOrder(const ClusterState& state, absl::Duration now) : state_(state), now_(now) {
  for (const std::string& id : state.index.leased) {
    ++num_leases_[state.runs.at(id).experiment_order];
  }
  for (const auto& [key, line] : state.index.queued) lines_.push_back({&key, &line, line.begin()});
  std::erase_if(lines_, [&](Line& line) { return !SkipPausing(line); });
}

const QueueOrder::Run* QueueOrder::Pop() {
  const auto rank = [&](const Line& line) {
    return std::tuple(line.key->minus_priority, num_leases_[line.key->experiment_order],
                      line.key->experiment_order, line.next->first);
  };
  const auto best = std::ranges::min_element(lines_, {}, rank);
  if (best == lines_.end()) return nullptr;
  const Run* run = &*state_.runs.find(best->next->second);
  ++best->next;
  if (!SkipPausing(*best)) lines_.erase(best);
  return run;
}

void QueueOrder::Drop(const DemandKey& demand) {
  std::erase_if(lines_, [&](const Line& line) { return line.key->demand == demand; });
}

bool QueueOrder::SkipPausing(Line& line) const {
  while (line.next != line.ids->end() && state_.runs.at(line.next->second).not_before > now_) {
    ++line.next;
  }
  return line.next != line.ids->end();
}

QueuePage ListQueue(const ClusterState& state, absl::Duration now, int64_t after, int64_t limit) {
  QueuePage page;
  for (const auto& [key, line] : state.index.queued) {
    page.num_queued += static_cast<int64_t>(line.size());
  }
  int64_t position = 0;
  const auto take = [&](const QueueOrder::Run& run) {
    if (++position <= after) return;
    page.runs.push_back({.run_id = run.first,
                         .position = position,
                         .why = WhyQueued(run.second, state, now),
                         .needs = DescribeNeeds(run.second.resources)});
  };
  const auto is_full = [&] { return static_cast<int64_t>(page.runs.size()) >= limit; };
  QueueOrder order(state, now);
  for (const QueueOrder::Run* run = order.Pop(); run != nullptr && !is_full(); run = order.Pop()) {
    take(*run);
    order.CountAssigned(run->second);
  }
  for (const QueueOrder::Run* run : PausingRuns(state, now)) {
    if (is_full()) break;
    take(*run);
  }
  return page;
}

}  // namespace fp4::core
