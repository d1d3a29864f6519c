#include "server/core/waiting.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/placement.h"
#include "server/core/queue_order.h"

namespace fp4::core {
namespace {

// "NAME: why", of those that are there and get no work.
std::string DescribeUnfit(const ClusterState& state, absl::Duration now) {
  std::vector<std::string> texts;
  for (const auto& [id, worker] : state.workers) {
    const std::string why = IsThere(worker, now) ? WhyNoWork(worker, now) : "";
    if (!why.empty()) texts.push_back(absl::StrCat(worker.name, ": ", why));
  }
  return absl::StrJoin(texts, "; ");
}

std::string DescribeLimit(const RunEntry& run, const ClusterState& state) {
  const HeldSlots held(state);
  if (!IsOverLimit(run, state, held)) return "";
  const int64_t limit = state.policy.project_slots.at(run.project);
  const auto own = held.by_project.find(run.project);
  return absl::StrCat("project '", run.project, "' holds ",
                      own == held.by_project.end() ? 0 : own->second, " of the ", limit,
                      limit == 1 ? " slot" : " slots", " that it may have");
}

// What it waits for where `num_fitting` slots of workers that take work would do.
std::string DescribeBusy(const RunEntry& run, const ClusterState& state, size_t num_fitting,
                         absl::Duration now) {
  const bool reserves =
      NumSlots(run.resources) > 1 && now - run.queued_since >= state.policy.reserve_after;
  return absl::StrCat("waits for ", DescribeLastResort(run.resources), ": ", num_fitting,
                      " would fit, other runs come first",
                      reserves ? "; slots that become free are kept for it" : "");
}

}  // namespace

Waiting ExplainWait(const RunEntry& run, const ClusterState& state, absl::Duration now) {
  if (run.state != RunState::kQueued) return {};
  if (run.not_before > now) {
    return {wait_reason::kPausing,
            absl::StrCat("the next attempt starts in ",
                         absl::FormatDuration(absl::Ceil(run.not_before - now, absl::Seconds(1))))};
  }
  size_t num_taking = 0, num_fitting = 0;
  for (const auto& [id, worker] : state.workers) {
    if (!IsThere(worker, now) || !WhyNoWork(worker, now).empty()) continue;
    ++num_taking;
    num_fitting += CountFitting(run.resources, worker);
  }
  const std::string unfit = DescribeUnfit(state, now);
  const std::string besides = unfit.empty() ? "" : absl::StrCat(" (", unfit, ")");
  if (num_taking == 0 && unfit.empty()) return {wait_reason::kNoWorker, "no worker is connected"};
  if (num_taking == 0) {
    return {wait_reason::kWorkersUnfit, absl::StrCat("no connected worker takes work: ", unfit)};
  }
  if (num_fitting == 0) {
    return {wait_reason::kNothingFits,
            absl::StrCat("no worker has ", DescribeLastResort(run.resources), besides)};
  }
  if (std::string limit = DescribeLimit(run, state); !limit.empty()) {
    return {wait_reason::kProjectLimit, std::move(limit)};
  }
  return {wait_reason::kBusy, absl::StrCat(DescribeBusy(run, state, num_fitting, now), besides)};
}

}  // namespace fp4::core
