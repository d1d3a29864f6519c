// What the candidates of a budget cost.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/budget/knapsack.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// By layer and, within it, by candidate, as in BudgetSpec::candidates.
using LayerCosts = std::vector<std::vector<int64_t>>;

// Bytes of the weights as the layer table counts them.
LayerCosts StoredBytes(const BudgetSpec& budget, ComputeDtype compute_dtype);

// In the budget's unit. Of kNanoseconds, which only a run can measure: empty.
LayerCosts CostsOf(const BudgetSpec& budget, ComputeDtype compute_dtype);

// What the knapsack chooses from: an item for each candidate that all layers of a group have, with
// the sums of their costs as its bytes, and scores of zero.
struct BudgetGroup {
  std::vector<size_t> layers;    // of the candidates
  std::vector<int32_t> recipes;  // by item
  std::vector<KnapsackItem> items;
};
std::vector<BudgetGroup> BudgetGroups(const BudgetSpec& budget, const LayerCosts& costs);

// The least that the layers can cost together. A group without items costs nothing.
int64_t SmallestCost(const std::vector<BudgetGroup>& groups);

}  // namespace fp4::spec
