// The linear relaxation of the knapsack's last groups: what their scores cannot go below.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/budget/knapsack.h"

namespace fp4::spec {

// One group may be split between neighbours of its convex hull here, so that the best way to spend
// bytes is to take the steps of all hulls by gain per byte. Immutable.
class Relaxation {
 public:
  // Of the groups from `first` on; each has items in rising order of bytes and falling order of
  // scores.
  Relaxation(const std::vector<std::vector<KnapsackItem>>& groups, size_t first);

  int64_t smallest_bytes() const { return smallest_bytes_; }

  // The least sum of scores within `bytes`, which are smallest_bytes() or more.
  double Bound(int64_t bytes) const;

 private:
  // After the steps so far: bytes beyond the smallest, and the sum of scores.
  struct Point {
    int64_t bytes;
    double score;
  };
  int64_t smallest_bytes_ = 0;
  std::vector<Point> points_;
};

}  // namespace fp4::spec
