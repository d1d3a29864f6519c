// Which checkpoints the controller wants to have, and which of those that it holds may go. Pure.
//
// A checkpoint of a later attempt is newer than one of an earlier attempt, whatever their steps,
// as the trainer's own retention counts.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/run_state.h"

namespace fp4::core {

struct CheckpointKey {
  int64_t step = 0;
  int32_t attempt = 0;
  bool operator==(const CheckpointKey&) const = default;
  // The older one is less.
  std::strong_ordering operator<=>(const CheckpointKey& other) const {
    return std::pair(attempt, step) <=> std::pair(other.attempt, other.step);
  }
};

// What is known of one checkpoint of a run.
struct KnownCheckpoint {
  CheckpointKey key;
  int64_t bytes = 0;
  bool stored = false;           // the controller holds it
  std::optional<double> metric;  // of its own step: the document's checkpoint.metric
};

struct RetentionRule {
  bool keep_best = false;        // the best one too, not only the newest
  bool largest_is_best = false;  // the larger metric is the better one
};

// Why checkpoints are kept: of those given, the newest, and the best by a finite metric (of equals
// the newest).
struct KeptCheckpoints {
  std::optional<CheckpointKey> last, best;
  bool Has(const CheckpointKey& key) const { return key == last || key == best; }
};
KeptCheckpoints ChooseKept(const std::vector<KnownCheckpoint>& checkpoints,
                           const RetentionRule& rule);

// Which of `offered` the controller wants: those kept that it does not hold yet; the newest first.
std::vector<CheckpointKey> ChooseWanted(const std::vector<KnownCheckpoint>& checkpoints,
                                        const RetentionRule& rule,
                                        const std::set<CheckpointKey>& offered);

// Stored ones that nothing keeps. Of a run with stored checkpoints the newest stored one is never
// among them: it is where the run goes on when its worker's host is gone.
std::vector<CheckpointKey> ChooseSuperfluous(const std::vector<KnownCheckpoint>& checkpoints,
                                             const RetentionRule& rule);

// A run's stored checkpoints, for the quota.
struct StoredRun {
  std::string id;
  RunState state = RunState::kQueued;
  absl::Time finished = absl::InfiniteFuture();  // where it has
  std::vector<KnownCheckpoint> checkpoints;      // stored ones
  RetentionRule rule;
};
struct Eviction {
  std::string run_id;
  CheckpointKey key;
};

// What goes to free `bytes`: only of completed runs, which never go on. Those that are best but not
// last first, then the last ones; of each the run that finished first. Nothing when all that
// together would not free enough.
std::vector<Eviction> ChooseEvicted(const std::vector<StoredRun>& runs, int64_t bytes);

}  // namespace fp4::core
