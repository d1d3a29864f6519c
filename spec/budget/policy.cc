#include "spec/budget/policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "spec/budget/knapsack.h"

namespace fp4::spec {
namespace {

// The 99.5 % points of Student's t with 2, 3, … degrees of freedom.
constexpr std::array kStudent = {9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355,
                                 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947};
constexpr size_t kFewestProofs = 3;

std::string_view SwitchName(BudgetSwitch how) {
  switch (how) {
    case BudgetSwitch::kOnce:
      return "once";
    case BudgetSwitch::kHysteresis:
      return "hysteresis";
    case BudgetSwitch::kRaiseOnly:
      return "raise-only";
  }
  return "";
}

double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

struct MeanAndError {
  double mean = 0, error = 0;
};

MeanAndError MeanAndErrorOf(const std::vector<double>& values) {
  MeanAndError result;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) result.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  // One value says nothing of its error.
  result.error = values.size() < 2 ? std::numeric_limits<double>::infinity()
                                   : std::sqrt(squares / (count - 1) / count);
  return result;
}

// One decision.
class DecisionMaker {
 public:
  DecisionMaker(const BudgetSpec& budget, ComputeDtype compute_dtype, int64_t update,
                BudgetState& state)
      : budget_(budget),
        update_(update),
        state_(state),
        stored_(StoredBytes(budget, compute_dtype)),
        costs_(budget.unit == BudgetUnit::kNanoseconds ? state.nanoseconds
                                                       : CostsOf(budget, compute_dtype)),
        groups_(BudgetGroups(budget, costs_)) {
    size_t offset = 0;
    for (const auto& layer : budget.candidates.layers) {
      offsets_.push_back(offset);
      offset += layer.size();
    }
    decision_.step = update;
    decision_.how = SwitchName(budget.how);
    if (budget.unit == BudgetUnit::kNanoseconds) {
      decision_.limit_seconds = Seconds(budget.limit);
    } else {
      decision_.limit_bytes = budget.limit;
    }
  }

  Decision Take(const std::vector<BudgetSample>& measured) {
    Remember(measured);
    if (state_.samples.empty()) {
      decision_.why = "no score is finite: nothing switches";
    } else if (state_.now.front() < 0) {
      TakeBest(AllSamples());
    } else {
      SwitchIfSure();
    }
    ++state_.num_decisions;
    Finish();
    return std::move(decision_);
  }

 private:
  void Remember(const std::vector<BudgetSample>& measured) {
    for (const BudgetSample& sample : measured) {
      ++state_.num_samples;
      if (std::ranges::all_of(sample, [](double score) { return std::isfinite(score); }))
        state_.samples.push_back(sample);
    }
    const auto size = static_cast<int64_t>(state_.samples.size());
    if (size > kBudgetWindow)
      state_.samples.erase(state_.samples.begin(), state_.samples.end() - kBudgetWindow);
  }

  std::vector<const BudgetSample*> AllSamples() const {
    std::vector<const BudgetSample*> all;
    for (const BudgetSample& sample : state_.samples) all.push_back(&sample);
    return all;
  }

  // Every second sample, from the newest one back.
  std::vector<const BudgetSample*> HalfOfSamples(size_t skip) const {
    std::vector<const BudgetSample*> half;
    for (size_t back = skip; back < state_.samples.size(); back += 2)
      half.push_back(&state_.samples[state_.samples.size() - 1 - back]);
    return half;
  }

  size_t Index(size_t layer, int32_t recipe) const {
    const auto& candidates = budget_.candidates.layers[layer];
    const auto found = std::ranges::find(candidates, recipe, &LayerCandidate::recipe);
    return static_cast<size_t>(found - candidates.begin());
  }

  double Score(const BudgetSample& sample, size_t layer, size_t candidate) const {
    return sample[offsets_[layer] + candidate];
  }

  double MeanScore(const std::vector<const BudgetSample*>& samples, size_t layer,
                   size_t candidate) const {
    double mean = 0;
    for (const BudgetSample* sample : samples)
      mean += Score(*sample, layer, candidate) / static_cast<double>(samples.size());
    return mean;
  }

  // Of an assignment in one micro-batch.
  double Sum(const BudgetSample& sample, const std::vector<int32_t>& assignment) const {
    double sum = 0;
    for (size_t layer = 0; layer < assignment.size(); ++layer)
      sum += Score(sample, layer, static_cast<size_t>(assignment[layer]));
    return sum;
  }

  static int64_t Sum(const LayerCosts& costs, const std::vector<int32_t>& assignment) {
    int64_t sum = 0;
    for (size_t layer = 0; layer < assignment.size(); ++layer)
      sum += costs[layer][static_cast<size_t>(assignment[layer])];
    return sum;
  }

  // Whether a group may take its item `i` now.
  bool MayTake(const BudgetGroup& group, size_t i) const {
    const bool first = state_.now.front() < 0;
    if (first) return true;
    bool same = true, rested = true;
    int64_t cost = 0;
    for (const size_t layer : group.layers) {
      const auto now = static_cast<size_t>(state_.now[layer]);
      same = same && Index(layer, group.recipes[i]) == now;
      const int64_t last = state_.last_switch[layer];
      rested = rested && (last == 0 || update_ - last >= budget_.dwell);
      cost += costs_[layer][now];
    }
    const bool lower = group.items[i].bytes < cost;
    return same || (rested && !(budget_.how == BudgetSwitch::kRaiseOnly && lower));
  }

  // The best assignment by the means over these samples; empty: the solver refuses.
  std::vector<int32_t> Best(const std::vector<const BudgetSample*>& samples) {
    std::vector<std::vector<KnapsackItem>> items(groups_.size());
    std::vector<std::vector<int32_t>> recipes(groups_.size());
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (size_t i = 0; i < groups_[g].items.size(); ++i) {
        if (!MayTake(groups_[g], i)) continue;
        KnapsackItem item = groups_[g].items[i];
        for (const size_t layer : groups_[g].layers)
          item.score += MeanScore(samples, layer, Index(layer, groups_[g].recipes[i]));
        items[g].push_back(item);
        recipes[g].push_back(groups_[g].recipes[i]);
      }
    }
    const auto solved = SolveKnapsack(items, {.bytes = budget_.limit - budget_.fixed});
    if (!solved.ok()) {
      decision_.why = std::string(solved.status().message());
      return {};
    }
    decision_.bound = solved->bound;
    std::vector<int32_t> assignment(state_.now.size());
    for (size_t g = 0; g < groups_.size(); ++g) {
      const int32_t recipe = recipes[g][static_cast<size_t>(solved->choice[g])];
      for (const size_t layer : groups_[g].layers)
        assignment[layer] = static_cast<int32_t>(Index(layer, recipe));
    }
    return assignment;
  }

  double Predicted(const std::vector<const BudgetSample*>& samples,
                   const std::vector<int32_t>& assignment) const {
    double sum = 0;
    for (size_t layer = 0; layer < assignment.size(); ++layer)
      sum += MeanScore(samples, layer, static_cast<size_t>(assignment[layer]));
    return sum;
  }

  void TakeBest(const std::vector<const BudgetSample*>& samples) {
    const std::vector<int32_t> best = Best(samples);
    if (best.empty()) return;
    decision_.predicted = Predicted(samples, best);
    decision_.why = absl::StrFormat("the first assignment, predicted to cost the loss %.3g",
                                    decision_.predicted);
    Switch(best);
  }

  void SwitchIfSure() {
    const std::vector<const BudgetSample*> chosen_by = HalfOfSamples(0), proofs = HalfOfSamples(1);
    const std::vector<int32_t> best = Best(chosen_by);
    if (best.empty()) return;
    decision_.predicted = Predicted(chosen_by, state_.now);
    if (best == state_.now) {
      decision_.why = "no other assignment is better";
      return;
    }
    if (proofs.size() < kFewestProofs) {
      decision_.why = absl::StrCat("too few measurements yet to be sure: ", proofs.size(), " of ",
                                   kFewestProofs);
      return;
    }
    std::vector<double> gains;
    for (const BudgetSample* sample : proofs)
      gains.push_back(Sum(*sample, state_.now) - Sum(*sample, best));
    const MeanAndError gain = MeanAndErrorOf(gains);
    const size_t freedom = std::min(gains.size() - kFewestProofs, kStudent.size() - 1);
    decision_.gain = gain.mean;
    decision_.standard_error = gain.error;
    decision_.needed = std::max(kStudent[freedom] * gain.error, budget_.min_gain);
    const std::string numbers =
        absl::StrFormat("gain %.3g +- %.2g, needed %.3g", gain.mean, gain.error, decision_.needed);
    if (gain.mean > decision_.needed) {
      decision_.why = absl::StrCat("another assignment is better: ", numbers);
      decision_.predicted = Predicted(chosen_by, best);
      Switch(best);
    } else {
      decision_.why = absl::StrCat("another assignment is not surely better: ", numbers);
    }
  }

  std::string RecipeOf(size_t layer, int32_t candidate) const {
    if (candidate < 0) return "its own";
    return budget_.candidates.layers[layer][static_cast<size_t>(candidate)].row.recipe;
  }

  void Switch(const std::vector<int32_t>& next) {
    decision_.changed = true;
    state_.before = state_.now;
    state_.decided_at = update_;
    for (size_t layer = 0; layer < next.size(); ++layer) {
      if (next[layer] == state_.now[layer]) continue;
      decision_.changes.push_back({budget_.candidates.layers[layer].front().row.layer,
                                   RecipeOf(layer, state_.now[layer]),
                                   RecipeOf(layer, next[layer])});
      state_.last_switch[layer] = update_;
    }
    state_.now = next;
  }

  void Finish() {
    if (state_.now.front() < 0) return;
    if (budget_.unit == BudgetUnit::kNanoseconds)
      decision_.seconds = Seconds(Sum(costs_, state_.now));
    decision_.bytes = budget_.unit == BudgetUnit::kHeldBytes
                          ? budget_.fixed + Sum(costs_, state_.now)
                          : Sum(stored_, state_.now);
    for (size_t layer = 0; layer < state_.now.size(); ++layer)
      decision_.assignment.emplace_back(budget_.candidates.layers[layer].front().row.layer,
                                        RecipeOf(layer, state_.now[layer]));
  }

  const BudgetSpec& budget_;
  const int64_t update_;
  BudgetState& state_;
  const LayerCosts stored_, costs_;  // costs_: in the budget's unit
  const std::vector<BudgetGroup> groups_;
  std::vector<size_t> offsets_;  // of layers in a sample
  Decision decision_;
};

}  // namespace

BudgetState InitialBudgetState(const BudgetSpec& budget, ComputeDtype compute_dtype) {
  const size_t layers = budget.candidates.layers.size();
  BudgetState state;
  state.now.assign(layers, -1);
  state.last_switch.assign(layers, 0);
  if (budget.how == BudgetSwitch::kRaiseOnly) {
    for (const BudgetGroup& group : BudgetGroups(budget, CostsOf(budget, compute_dtype))) {
      const auto smallest = std::ranges::min_element(group.items, {}, &KnapsackItem::bytes);
      const int32_t recipe = group.recipes[static_cast<size_t>(smallest - group.items.begin())];
      for (const size_t layer : group.layers) {
        const auto& candidates = budget.candidates.layers[layer];
        state.now[layer] = static_cast<int32_t>(
            std::ranges::find(candidates, recipe, &LayerCandidate::recipe) - candidates.begin());
      }
    }
  }
  state.before = state.now;
  return state;
}

bool DecisionIsDue(const BudgetSpec& budget, const BudgetState& state, int64_t update,
                   int64_t last_update) {
  if (!budget.on || update < budget.from_step || update >= last_update) return false;
  const bool first = state.num_decisions == 0;
  if (!first && (budget.how == BudgetSwitch::kOnce || last_update - update < budget.dwell))
    return false;
  return (update - budget.from_step) % budget.every == 0;
}

Decision Decide(const BudgetSpec& budget, ComputeDtype compute_dtype, int64_t update,
                const std::vector<BudgetSample>& measured, BudgetState& state) {
  return DecisionMaker(budget, compute_dtype, update, state).Take(measured);
}

}  // namespace fp4::spec
