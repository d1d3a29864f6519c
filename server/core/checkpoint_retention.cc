#include "server/core/checkpoint_retention.h"

#include <algorithm>
#include <cmath>

namespace fp4::core {
namespace {

bool IsBetter(const KnownCheckpoint& a, const KnownCheckpoint& b, const RetentionRule& rule) {
  if (*a.metric == *b.metric) return a.key > b.key;
  return rule.largest_is_best ? *a.metric > *b.metric : *a.metric < *b.metric;
}

std::vector<KnownCheckpoint> StoredOnes(const std::vector<KnownCheckpoint>& checkpoints) {
  std::vector<KnownCheckpoint> stored;
  std::ranges::copy_if(checkpoints, std::back_inserter(stored), &KnownCheckpoint::stored);
  return stored;
}

}  // namespace

KeptCheckpoints ChooseKept(const std::vector<KnownCheckpoint>& checkpoints,
                           const RetentionRule& rule) {
  KeptCheckpoints kept;
  const KnownCheckpoint* best = nullptr;
  for (const KnownCheckpoint& checkpoint : checkpoints) {
    if (!kept.last || checkpoint.key > *kept.last) kept.last = checkpoint.key;
    const bool counts = rule.keep_best && checkpoint.metric && std::isfinite(*checkpoint.metric);
    if (counts && (best == nullptr || IsBetter(checkpoint, *best, rule))) best = &checkpoint;
  }
  if (best != nullptr) kept.best = best->key;
  return kept;
}

std::vector<CheckpointKey> ChooseWanted(const std::vector<KnownCheckpoint>& checkpoints,
                                        const RetentionRule& rule,
                                        const std::set<CheckpointKey>& offered) {
  const KeptCheckpoints kept = ChooseKept(checkpoints, rule);
  std::vector<CheckpointKey> wanted;
  for (const KnownCheckpoint& checkpoint : checkpoints) {
    if (kept.Has(checkpoint.key) && !checkpoint.stored && offered.contains(checkpoint.key)) {
      wanted.push_back(checkpoint.key);
    }
  }
  std::ranges::sort(wanted, std::greater<>());
  return wanted;
}

std::vector<CheckpointKey> ChooseSuperfluous(const std::vector<KnownCheckpoint>& checkpoints,
                                             const RetentionRule& rule) {
  // What is not stored yet replaces nothing: its worker may be gone before it is.
  const std::vector<KnownCheckpoint> stored = StoredOnes(checkpoints);
  const KeptCheckpoints kept = ChooseKept(stored, rule);
  std::vector<CheckpointKey> superfluous;
  for (const KnownCheckpoint& checkpoint : stored) {
    if (!kept.Has(checkpoint.key)) superfluous.push_back(checkpoint.key);
  }
  return superfluous;
}

std::vector<Eviction> ChooseEvicted(const std::vector<StoredRun>& runs, int64_t bytes) {
  struct Candidate {
    bool is_last;
    absl::Time finished;
    Eviction eviction;
    int64_t bytes;
  };
  std::vector<Candidate> candidates;
  for (const StoredRun& run : runs) {
    if (run.state != RunState::kCompleted) continue;
    const KeptCheckpoints kept = ChooseKept(run.checkpoints, run.rule);
    for (const KnownCheckpoint& checkpoint : run.checkpoints) {
      candidates.push_back({.is_last = checkpoint.key == kept.last,
                            .finished = run.finished,
                            .eviction = {run.id, checkpoint.key},
                            .bytes = checkpoint.bytes});
    }
  }
  std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::pair(a.is_last, a.finished) < std::pair(b.is_last, b.finished);
  });
  std::vector<Eviction> evicted;
  for (const Candidate& candidate : candidates) {
    if (bytes <= 0) break;
    evicted.push_back(candidate.eviction);
    bytes -= candidate.bytes;
  }
  return bytes > 0 ? std::vector<Eviction>() : evicted;
}

}  // namespace fp4::core
