// What a byte budget decides, of the scores that are measured while a run trains. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/budget/costs.h"
#include "spec/run_spec.h"
#include "spec/score_table.h"

namespace fp4::spec {

// What candidates cost the loss, predicted from one micro-batch, by layer and, within it, by
// candidate, as in BudgetSpec::candidates. Relative to the unquantized layer, so that the numbers
// do not depend on what the layer has at the time: a network that is trained in one format fits
// that format, and any other one, a finer one too, would disturb it at first.
using BudgetSample = std::vector<double>;

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
  // Of a budget in seconds: what the layers' products take in a step. Empty: not measured yet.
  LayerCosts nanoseconds;

  const std::vector<int32_t>& At(int64_t update) const {
    return update > decided_at ? now : before;
  }
};

// So many samples are remembered.
inline constexpr int64_t kBudgetWindow = 16;

// Of a run that begins: own recipes, or with raise-only the smallest candidates.
BudgetState InitialBudgetState(const BudgetSpec& budget, ComputeDtype compute_dtype);

// Whether a decision falls after `update`. Later ones than the first want `dwell` updates to
// follow: a network has to be trained to its formats again after a switch.
bool DecisionIsDue(const BudgetSpec& budget, const BudgetState& state, int64_t update,
                   int64_t last_update);

// Takes the samples that were measured after `update` into the state, and decides. The first
// decision takes the best assignment. Later ones choose the best by every second sample of the
// window and switch only if the others, which had no part in the choice, show a mean gain beyond
// the 99.5 % point of Student's t and beyond min_gain: with noise alone, one decision in two
// hundred switches. A layer that has switched less than `dwell` updates ago keeps its candidate.
// Samples that are not finite are left out. A budget in seconds needs state.nanoseconds. The
// decision's `scores` are left empty.
Decision Decide(const BudgetSpec& budget, ComputeDtype compute_dtype, int64_t update,
                const std::vector<BudgetSample>& measured, BudgetState& state);

}  // namespace fp4::spec
