#include "server/core/queue_order.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "server/core/placement.h"
#include "server/core/waiting.h"

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

HeldSlots::HeldSlots(const ClusterState& state) {
  for (const std::string& id : state.index.leased) {
    const RunEntry& run = state.runs.at(id);
    Add(run, static_cast<int64_t>(run.lease->slots.size()));
  }
}

void HeldSlots::Add(const RunEntry& run, int64_t num_slots) {
  by_project[run.project] += num_slots;
  by_user[{run.project, run.created_by}] += num_slots;
  by_experiment[run.experiment_order] += num_slots;
}

bool IsOverLimit(const RunEntry& run, const ClusterState& state, const HeldSlots& held) {
  const auto limit = state.policy.project_slots.find(run.project);
  if (limit == state.policy.project_slots.end()) return false;
  const auto own = held.by_project.find(run.project);
  return (own == held.by_project.end() ? 0 : own->second) + NumSlots(run.resources) > limit->second;
}

QueueOrder::QueueOrder(const ClusterState& state, absl::Duration now)
    : state_(state), now_(now), held_(state) {
  lines_.reserve(state.index.queued.size());
  for (const auto& [key, ids] : state.index.queued) {
    lines_.push_back({RankOf(key, ids.begin()->first), &key, &ids, ids.begin()});
  }
  std::ranges::make_heap(lines_, std::ranges::greater(), &Line::rank);
}

QueueOrder::Rank QueueOrder::RankOf(const QueueLine& key, int64_t order) const {
  const auto count = [](const auto& counts, const auto& whose) {
    const auto found = counts.find(whose);
    return found == counts.end() ? int64_t{0} : found->second;
  };
  return {key.minus_priority,
          count(held_.by_project, key.project),
          count(held_.by_user, std::pair(key.project, key.created_by)),
          count(held_.by_experiment, key.experiment_order),
          key.experiment_order,
          order};
}

void QueueOrder::PutBack(Line line) {
  while (line.next != line.ids->end() && state_.runs.at(line.next->second).not_before > now_) {
    ++line.next;
  }
  if (line.next == line.ids->end()) return;
  line.rank = RankOf(*line.key, line.next->first);
  lines_.push_back(line);
  std::ranges::push_heap(lines_, std::ranges::greater(), &Line::rank);
}

bool QueueOrder::IsDropped(const QueueLine& key) const {
  return dropped_.contains(key.demand) ||
         (!dropped_of_projects_.empty() &&
          dropped_of_projects_.contains({key.project, key.demand}));
}

const QueueOrder::Run* QueueOrder::Pop() {
  while (!lines_.empty()) {
    std::ranges::pop_heap(lines_, std::ranges::greater(), &Line::rank);
    Line line = lines_.back();
    lines_.pop_back();
    if (IsDropped(*line.key)) continue;
    const Run* run = &*state_.runs.find(line.next->second);
    // What its project, user or experiment holds has grown since, or its first run pauses.
    if (run->second.not_before > now_ || RankOf(*line.key, line.next->first) != line.rank) {
      PutBack(line);
      continue;
    }
    ++line.next;
    PutBack(line);
    return run;
  }
  return nullptr;
}

QueuePage ListQueue(const ClusterState& state, absl::Duration now, int64_t after, int64_t limit) {
  QueuePage page;
  for (const auto& [key, line] : state.index.queued) {
    page.num_queued += static_cast<int64_t>(line.size());
  }
  int64_t position = 0;
  const auto take = [&](const QueueOrder::Run& run) {
    if (++position <= after) return;
    Waiting waiting = ExplainWait(run.second, state, now);
    page.runs.push_back({.run_id = run.first,
                         .position = position,
                         .reason = std::string(waiting.reason),
                         .why = std::move(waiting.why),
                         .needs = DescribeNeeds(run.second.resources)});
  };
  const auto is_full = [&] { return static_cast<int64_t>(page.runs.size()) >= limit; };
  QueueOrder order(state, now);
  for (const QueueOrder::Run* run = order.Pop(); run != nullptr && !is_full(); run = order.Pop()) {
    take(*run);
    order.CountAssigned(run->second, NumSlots(run->second.resources));
  }
  for (const QueueOrder::Run* run : PausingRuns(state, now)) {
    if (is_full()) break;
    take(*run);
  }
  return page;
}

std::map<std::string, int64_t> CountWaiting(const ClusterState& state, absl::Duration now) {
  std::map<std::string, int64_t> counts;
  for (std::string_view reason : kWaitReasons) counts[std::string(reason)] = 0;
  for (const auto& [key, ids] : state.index.queued) {
    int64_t* others = nullptr;
    for (const auto& [order, id] : ids) {
      const RunEntry& run = state.runs.at(id);
      if (run.not_before > now) {
        ++counts[std::string(wait_reason::kPausing)];
      } else {
        if (others == nullptr) others = &counts[std::string(ExplainWait(run, state, now).reason)];
        ++*others;
      }
    }
  }
  return counts;
}

}  // namespace fp4::core
