#include "server/core/worker_standing.h"

#include <algorithm>

#include "server/core/pause.h"

namespace fp4::core {
namespace {

// So many ends of unknown cause, and of so many runs, are more than chance and one bad run.
constexpr int32_t kTolerated = 2;
constexpr size_t kMinRuns = 2;
constexpr size_t kMinExperiments = 3;

}  // namespace

void NoteBadEnd(WorkerStanding& standing, const BadEnd& end, absl::Duration now) {
  if (end.blame == Blame::kRun) standing.failed_experiments.insert(end.experiment_id);
  if (end.blame == Blame::kRun && standing.failed_experiments.size() >= kMinExperiments) {
    // Each of them would be failed at once, and the next ones would follow.
    standing.num_bad_ends = std::max(standing.num_bad_ends, kTolerated) + 1;
    standing.runs.insert(end.run_id);
    standing.last = end.what;
    standing.paused_until = now + PauseAfter(standing.num_bad_ends - kTolerated);
    return;
  }
  const bool counts =
      end.blame == Blame::kWorker || (end.blame == Blame::kUnknown && !end.failed_elsewhere);
  if (!counts) return;
  ++standing.num_bad_ends;
  standing.runs.insert(end.run_id);
  standing.last = end.what;
  if (end.blame == Blame::kWorker) {
    standing.paused_until = now + PauseAfter(standing.num_bad_ends);
  } else if (standing.num_bad_ends > kTolerated && standing.runs.size() >= kMinRuns) {
    standing.paused_until = now + PauseAfter(standing.num_bad_ends - kTolerated);
  }
}

void NoteProgress(WorkerStanding& standing) { standing = {}; }

}  // namespace fp4::core
