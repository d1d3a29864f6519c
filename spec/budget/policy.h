// What a byte budget decides, of the scores that are measured while a run trains. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/run_spec.h"
#include "spec/score_table.h"

namespace fp4::spec {

// The predicted change of the loss in one micro-batch, by its two orders.
struct BudgetTerms {
  double first = 0, second = 0;
};

// The scores of one micro-batch, by layer and, within it, by candidate, as in
// BudgetSpec::candidates. Relative to how the layer is computed at the time.
using BudgetSample = std::vector<BudgetTerms>;

// All that decisions depend on beside the document.
struct BudgetState {
  // By layer the number of its candidate; -1: its own recipe. `before` holds up to and with update
  // `decided_at`, `now` for all later ones.
  std::vector<int32_t> before, now;
  int64_t decided_at = 0;
  std::vector<int64_t> last_switch;   // by layer: after this update; 0: never
  std::vector<BudgetSample> samples;  // the newest ones, oldest first
  int64_t num_samples = 0;            // so many were ever taken
  int64_t num_decisions = 0;

  const std::vector<int32_t>& At(int64_t update) const {
    return update > decided_at ? now : before;
  }
};

// So many samples are remembered.
inline constexpr int64_t kBudgetWindow = 16;

// Of a run that begins: own recipes, or with raise-only the smallest candidates.
BudgetState InitialBudgetState(const BudgetSpec& budget, ComputeDtype compute_dtype);

// What is left of a mean when its standard error is taken into account: m max(0, 1 - (2 e / m)^2),
// as the positive-part estimator of James and Stein. The first order of few micro-batches is mostly
// noise, and a choice by noise is worse than one without that term.
double Shrunk(double mean, double standard_error);

// Whether a decision falls after `update`.
bool DecisionIsDue(const BudgetSpec& budget, const BudgetState& state, int64_t update,
                   int64_t last_update);

// Takes the samples that were measured after `update` into the state, and decides. The first
// decision takes the best assignment. Later ones choose the best by every second sample of the
// window and switch only if the others, which had no part in the choice, show a mean gain beyond
// the 99.5 % point of Student's t and beyond min_gain: with noise alone, one decision in two
// hundred switches. A layer that has switched less than `dwell` updates ago keeps its candidate.
// Samples that are not finite are left out. Choices are made by Shrunk means, proofs by plain ones.
// The decision's `scores` are left empty.
Decision Decide(const BudgetSpec& budget, ComputeDtype compute_dtype, int64_t update,
                const std::vector<BudgetSample>& measured, BudgetState& state);

}  // namespace fp4::spec
