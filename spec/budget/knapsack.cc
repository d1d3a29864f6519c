#include "spec/budget/knapsack.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "spec/budget/relaxation.h"

namespace fp4::spec {
namespace {

using Groups = std::vector<std::vector<KnapsackItem>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

absl::Status CheckGroups(const Groups& groups) {
  for (size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].empty())
      return absl::InvalidArgumentError(absl::StrCat("group ", g, " has no item"));
    for (const KnapsackItem& item : groups[g]) {
      if (item.bytes >= 0 && std::isfinite(item.score)) continue;
      return absl::InvalidArgumentError(absl::StrCat("group ", g, " has an item of ", item.bytes,
                                                     " bytes with the score ", item.score));
    }
  }
  return absl::OkStatus();
}

// Items that some other one beats in bytes and score are never chosen. What is left rises in bytes
// and falls in score.
struct Reduced {
  Groups items;
  std::vector<std::vector<int32_t>> numbers;  // in the group as given
};

Reduced DropDominated(const Groups& groups) {
  Reduced reduced;
  for (const std::vector<KnapsackItem>& items : groups) {
    std::vector<int32_t> order(items.size());
    for (size_t i = 0; i < items.size(); ++i) order[i] = static_cast<int32_t>(i);
    const auto at = [&items](int32_t i) -> const KnapsackItem& {
      return items[static_cast<size_t>(i)];
    };
    std::ranges::stable_sort(order, [&at](int32_t a, int32_t b) {
      return at(a).bytes != at(b).bytes ? at(a).bytes < at(b).bytes : at(a).score < at(b).score;
    });
    std::vector<KnapsackItem>& kept = reduced.items.emplace_back();
    std::vector<int32_t>& numbers = reduced.numbers.emplace_back();
    for (const int32_t i : order) {
      if (!kept.empty() && at(i).score >= kept.back().score) continue;
      kept.push_back(at(i));
      numbers.push_back(i);
    }
  }
  return reduced;
}

// An assignment of the first groups.
struct State {
  int64_t bytes = 0;
  double score = 0;
  int32_t parent = 0;  // its place among the states of one group less
  int32_t item = 0;    // of the reduced group
};

class Solver {
 public:
  Solver(const Groups& groups, const KnapsackLimits& limits)
      : reduced_(DropDominated(groups)), limits_(limits) {
    for (size_t g = 0; g <= groups.size(); ++g) rest_.emplace_back(reduced_.items, g);
  }

  int64_t smallest_bytes() const { return rest_[0].smallest_bytes(); }

  KnapsackSolution Solve() {
    const KnapsackSolution greedy = Greedy();
    best_known_ = greedy.score;
    stages_.push_back({State{}});
    for (size_t g = 0; g < reduced_.items.size(); ++g) Extend(g);
    KnapsackSolution found = stages_.back().empty() ? greedy : Trace();
    found.bound = std::min(found.score, given_up_);
    return found;
  }

 private:
  const std::vector<KnapsackItem>& items(size_t g) const { return reduced_.items[g]; }

  // An assignment within the limit: from the smallest one on, the best step by gain per byte as
  // long as one fits.
  KnapsackSolution Greedy() const {
    std::vector<size_t> choice(reduced_.items.size(), 0);
    int64_t spare = limits_.bytes - smallest_bytes();
    for (;;) {
      size_t best_group = choice.size(), best_item = 0;
      double best_rate = 0;
      for (size_t g = 0; g < choice.size(); ++g) {
        const KnapsackItem& now = items(g)[choice[g]];
        for (size_t i = choice[g] + 1; i < items(g).size(); ++i) {
          const int64_t more = items(g)[i].bytes - now.bytes;
          if (more > spare) break;
          const double rate = (now.score - items(g)[i].score) / static_cast<double>(more);
          if (rate > best_rate) best_rate = rate, best_group = g, best_item = i;
        }
      }
      if (best_group == choice.size()) break;
      spare -= items(best_group)[best_item].bytes - items(best_group)[choice[best_group]].bytes;
      choice[best_group] = best_item;
    }
    KnapsackSolution solution{.bytes = limits_.bytes - spare};
    for (size_t g = 0; g < choice.size(); ++g) {
      solution.choice.push_back(reduced_.numbers[g][choice[g]]);
      solution.score += items(g)[choice[g]].score;
    }
    return solution;
  }

  // What keeps roundings of the relaxation from cutting off the best assignment itself.
  double slack() const { return 1e-9 * (std::abs(best_known_) + 1e-30); }

  // No completion of the state has a lower score.
  double Bound(const State& state, size_t next) const {
    return state.score + rest_[next].Bound(limits_.bytes - state.bytes);
  }

  void Extend(size_t g) {
    std::vector<State> states;
    const std::vector<State>& before = stages_.back();
    const int64_t room = limits_.bytes - rest_[g + 1].smallest_bytes();
    for (size_t parent = 0; parent < before.size(); ++parent) {
      for (size_t i = 0; i < items(g).size(); ++i) {
        const State state{before[parent].bytes + items(g)[i].bytes,
                          before[parent].score + items(g)[i].score, static_cast<int32_t>(parent),
                          static_cast<int32_t>(i)};
        if (state.bytes > room) break;
        if (Bound(state, g + 1) <= best_known_ + slack()) states.push_back(state);
      }
    }
    KeepFront(states, g);
    KeepWithinMemory(states, g);
    stages_.push_back(std::move(states));
  }

  // Of states with equal bytes and scores the one whose choices come first in the document.
  bool ComesFirst(const State& a, const State& b, size_t g) const {
    if (a.parent != b.parent) {
      const State &left = stages_[g][static_cast<size_t>(a.parent)],
                  &right = stages_[g][static_cast<size_t>(b.parent)];
      return ComesFirst(left, right, g - 1);
    }
    return reduced_.numbers[g][static_cast<size_t>(a.item)] <
           reduced_.numbers[g][static_cast<size_t>(b.item)];
  }

  void KeepFront(std::vector<State>& states, size_t g) const {
    std::ranges::sort(states, [this, g](const State& a, const State& b) {
      if (a.bytes != b.bytes) return a.bytes < b.bytes;
      if (a.score != b.score) return a.score < b.score;
      return (a.parent != b.parent || a.item != b.item) && ComesFirst(a, b, g);
    });
    size_t kept = 0;
    for (const State& state : states) {
      if (kept > 0 && state.score >= states[kept - 1].score) continue;
      states[kept++] = state;
    }
    states.resize(kept);
  }

  void KeepWithinMemory(std::vector<State>& states, size_t g) {
    if (static_cast<int64_t>(states.size()) <= limits_.max_states) return;
    std::vector<double> bounds(states.size());
    for (size_t i = 0; i < states.size(); ++i) bounds[i] = Bound(states[i], g + 1);
    std::vector<double> sorted = bounds;
    const auto last = sorted.begin() + limits_.max_states;
    std::ranges::nth_element(sorted, last);
    const double worst = *last;
    size_t kept = 0;
    for (size_t i = 0; i < states.size(); ++i) {
      if (bounds[i] < worst) {
        states[kept++] = states[i];
      } else {
        given_up_ = std::min(given_up_, bounds[i]);
      }
    }
    // All alike: the smallest states, of which one can be completed.
    if (kept == 0) kept = static_cast<size_t>(limits_.max_states);
    states.resize(kept);
  }

  // The states rise in bytes and fall in score: the last one is the best.
  KnapsackSolution Trace() const {
    KnapsackSolution solution;
    const State* state = &stages_.back().back();
    solution.bytes = state->bytes;
    solution.score = state->score;
    solution.choice.resize(reduced_.items.size());
    for (size_t g = reduced_.items.size(); g-- > 0;) {
      solution.choice[g] = reduced_.numbers[g][static_cast<size_t>(state->item)];
      state = &stages_[g][static_cast<size_t>(state->parent)];
    }
    return solution;
  }

  const Reduced reduced_;
  const KnapsackLimits limits_;
  std::vector<Relaxation> rest_;  // by the number of groups that are assigned
  std::vector<std::vector<State>> stages_;
  double best_known_ = kInfinity;
  double given_up_ = kInfinity;  // the least bound of what was dropped for want of memory
};

}  // namespace

absl::StatusOr<KnapsackSolution> SolveKnapsack(const Groups& groups, const KnapsackLimits& limits) {
  FP4_RETURN_IF_ERROR(CheckGroups(groups));
  Solver solver(groups, limits);
  if (solver.smallest_bytes() > limits.bytes) {
    return absl::OutOfRangeError(absl::StrCat("the smallest assignment takes ",
                                              solver.smallest_bytes(), " bytes, more than the ",
                                              limits.bytes, " allowed"));
  }
  return solver.Solve();
}

}  // namespace fp4::spec
