#include "client/top/snapshot.h"

#include <algorithm>

#include "base/status_macros.h"

namespace fp4::client {
namespace {

constexpr int32_t kMostRuns = 1000, kMostFailed = 3;
constexpr absl::Duration kPaceWindow = absl::Minutes(1);

absl::StatusOr<std::vector<v1::Run>> RunsIn(const std::vector<v1::RunState>& states, int32_t most,
                                            Connection& connection) {
  v1::ListRunsRequest request;
  for (const v1::RunState state : states) request.add_states(state);
  request.set_page_size(most);
  FP4_ASSIGN_OR_RETURN(const v1::ListRunsResponse response, connection.ListRuns(request));
  return std::vector<v1::Run>(response.runs().begin(), response.runs().end());
}

absl::StatusOr<std::vector<v1::Run>> WaitingRuns(TopSnapshot& snapshot, Connection& connection) {
  v1::ListQueueRequest request;
  request.set_page_size(kMostRuns);
  FP4_ASSIGN_OR_RETURN(const v1::ListQueueResponse queue, connection.ListQueue(request));
  snapshot.num_queued = queue.num_queued();
  std::map<std::string, int64_t> positions;
  for (const v1::QueuedRun& run : queue.runs()) positions[run.run_id()] = run.position();
  FP4_ASSIGN_OR_RETURN(std::vector<v1::Run> runs,
                       RunsIn({v1::RUN_STATE_QUEUED}, kMostRuns, connection));
  // One that came between the two calls stands at the end.
  std::ranges::stable_sort(runs, {}, [&](const v1::Run& run) {
    const auto found = positions.find(run.id());
    return found == positions.end() ? snapshot.num_queued + 1 : found->second;
  });
  return runs;
}

}  // namespace

absl::StatusOr<TopSnapshot> ReadSnapshot(Connection& connection) {
  TopSnapshot snapshot{.address = connection.address(),
                       .time = absl::Now(),
                       .active = {},
                       .failed = {},
                       .workers = {},
                       .num_queued = 0};
  FP4_ASSIGN_OR_RETURN(snapshot.active, RunsIn({v1::RUN_STATE_RUNNING, v1::RUN_STATE_ASSIGNED,
                                                v1::RUN_STATE_CANCELLING},
                                               kMostRuns, connection));
  FP4_ASSIGN_OR_RETURN(const std::vector<v1::Run> waiting, WaitingRuns(snapshot, connection));
  snapshot.active.insert(snapshot.active.end(), waiting.begin(), waiting.end());
  FP4_ASSIGN_OR_RETURN(snapshot.failed, RunsIn({v1::RUN_STATE_FAILED}, kMostFailed, connection));
  FP4_ASSIGN_OR_RETURN(snapshot.workers, connection.ListWorkers());
  return snapshot;
}

void Paces::Add(const TopSnapshot& snapshot) {
  std::map<std::string, std::vector<Sample>> kept;
  for (const v1::Run& run : snapshot.active) {
    std::vector<Sample> samples = std::move(samples_[run.id()]);
    // A run that begins again from a checkpoint has a new pace.
    if (!samples.empty() && samples.back().step > run.step()) samples.clear();
    if (samples.empty() || samples.back().step < run.step()) {
      samples.push_back({snapshot.time, run.step()});
    }
    const auto in_window = [&](const Sample& one) {
      return snapshot.time - one.time <= kPaceWindow;
    };
    const auto first = std::ranges::find_if(samples, in_window);
    // A slow run keeps the two that there are.
    if (samples.end() - first >= 2) samples.erase(samples.begin(), first);
    kept[run.id()] = std::move(samples);
  }
  samples_ = std::move(kept);
}

std::optional<absl::Duration> Paces::TimeLeft(const v1::Run& run) const {
  const auto found = samples_.find(run.id());
  if (found == samples_.end() || found->second.size() < 2) return std::nullopt;
  const Sample &first = found->second.front(), &last = found->second.back();
  const auto steps = static_cast<double>(last.step - first.step);
  return (last.time - first.time) * (static_cast<double>(run.total_steps() - run.step()) / steps);
}

}  // namespace fp4::client
