// The multiple-choice knapsack: one candidate for each layer, the least sum of scores whose bytes
// stay within a limit.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::spec {

// What one group may become: bytes (or another cost in whole numbers), 0 or more, and the score
// that is to be small, finite.
struct KnapsackItem {
  int64_t bytes = 0;
  double score = 0;
};

struct KnapsackSolution {
  std::vector<int32_t> choice = {};  // by group: the number of its item
  int64_t bytes = 0;
  double score = 0;
  // No assignment within the limit has a lower score than this. Equal to `score`: the choice is
  // proven best.
  double bound = 0;

  bool proven() const { return bound >= score; }
};

struct KnapsackLimits {
  int64_t bytes = 0;
  // Partial assignments that are kept at once. Beyond it the least promising are dropped, and
  // `bound` says what was given up.
  int64_t max_states = 1'000'000;
};

// The best assignment; of several with equal scores the one of the fewest bytes, then the first in
// the order of the items. Exact: bytes are never rounded. Sums are made in the order of the
// groups. Pareto fronts of (bytes, score), group by group; a partial assignment goes when the
// linear relaxation of the rest cannot bring it below the best assignment known so far (Kellerer,
// Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11). A group with one item is pinned.
// OUT_OF_RANGE: not even the smallest assignment is within the limit; the message names its bytes.
// INVALID_ARGUMENT: a group without items, negative bytes, a score that is not finite.
absl::StatusOr<KnapsackSolution> SolveKnapsack(const std::vector<std::vector<KnapsackItem>>& groups,
                                               const KnapsackLimits& limits);

}  // namespace fp4::spec
