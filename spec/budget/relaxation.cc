#include "spec/budget/relaxation.h"

#include <algorithm>

namespace fp4::spec {
namespace {

struct Step {
  int64_t bytes;
  double gain;

  double rate() const { return gain / static_cast<double>(bytes); }
};

double Rate(const KnapsackItem& from, const KnapsackItem& to) {
  return (from.score - to.score) / static_cast<double>(to.bytes - from.bytes);
}

// The steps between the corners of the lower convex hull of the items.
void AddHullSteps(const std::vector<KnapsackItem>& items, std::vector<Step>& steps) {
  std::vector<KnapsackItem> hull;
  for (const KnapsackItem& item : items) {
    while (hull.size() > 1 && Rate(hull.back(), item) >= Rate(hull[hull.size() - 2], hull.back()))
      hull.pop_back();
    hull.push_back(item);
  }
  for (size_t i = 1; i < hull.size(); ++i)
    steps.push_back({hull[i].bytes - hull[i - 1].bytes, hull[i - 1].score - hull[i].score});
}

}  // namespace

Relaxation::Relaxation(const std::vector<std::vector<KnapsackItem>>& groups, size_t first) {
  double score = 0;
  std::vector<Step> steps;
  for (size_t i = first; i < groups.size(); ++i) {
    smallest_bytes_ += groups[i].front().bytes;
    score += groups[i].front().score;
    AddHullSteps(groups[i], steps);
  }
  std::ranges::stable_sort(steps, std::greater<>(), &Step::rate);
  points_.push_back({0, score});
  for (const Step& step : steps)
    points_.push_back({points_.back().bytes + step.bytes, points_.back().score - step.gain});
}

double Relaxation::Bound(int64_t bytes) const {
  const int64_t spare = bytes - smallest_bytes_;
  const auto beyond = std::ranges::upper_bound(points_, spare, {}, &Point::bytes);
  const Point& below = *(beyond - 1);
  if (beyond == points_.end()) return below.score;
  const double share =
      static_cast<double>(spare - below.bytes) / static_cast<double>(beyond->bytes - below.bytes);
  return below.score - share * (below.score - beyond->score);
}

}  // namespace fp4::spec
