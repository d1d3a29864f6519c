#include "spec/budget/costs.h"

#include <algorithm>
#include <map>

#include "spec/layers.h"

namespace fp4::spec {

LayerCosts StoredBytes(const BudgetSpec& budget, ComputeDtype compute_dtype) {
  LayerCosts costs;
  for (const std::vector<LayerCandidate>& layer : budget.candidates.layers) {
    costs.emplace_back();
    for (const LayerCandidate& candidate : layer)
      costs.back().push_back(WeightBytes(candidate.row, compute_dtype));
  }
  return costs;
}

LayerCosts CostsOf(const BudgetSpec& budget, ComputeDtype compute_dtype) {
  switch (budget.unit) {
    case BudgetUnit::kStoredBytes:
      return StoredBytes(budget, compute_dtype);
    case BudgetUnit::kNanoseconds:
      return {};
    case BudgetUnit::kHeldBytes:
      break;
  }
  LayerCosts costs;
  for (const std::vector<LayerCandidate>& layer : budget.candidates.layers) {
    costs.emplace_back();
    for (const LayerCandidate& candidate : layer) costs.back().push_back(candidate.held_bytes);
  }
  return costs;
}

std::vector<BudgetGroup> BudgetGroups(const BudgetSpec& budget, const LayerCosts& costs) {
  std::map<int32_t, BudgetGroup> by_number;
  for (size_t i = 0; i < budget.candidates.layers.size(); ++i)
    by_number[budget.groups[i]].layers.push_back(i);
  std::vector<BudgetGroup> groups;
  for (auto& [number, group] : by_number) {
    for (size_t recipe = 0; recipe < budget.candidates.recipes.size(); ++recipe) {
      KnapsackItem item;
      const bool all = std::ranges::all_of(group.layers, [&](size_t layer) {
        const auto& own = budget.candidates.layers[layer];
        const auto found =
            std::ranges::find(own, static_cast<int32_t>(recipe), &LayerCandidate::recipe);
        if (found != own.end())
          item.bytes += costs[layer][static_cast<size_t>(found - own.begin())];
        return found != own.end();
      });
      if (!all) continue;
      group.recipes.push_back(static_cast<int32_t>(recipe));
      group.items.push_back(item);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

int64_t SmallestCost(const std::vector<BudgetGroup>& groups) {
  int64_t sum = 0;
  for (const BudgetGroup& group : groups) {
    if (!group.items.empty()) sum += std::ranges::min(group.items, {}, &KnapsackItem::bytes).bytes;
  }
  return sum;
}

}  // namespace fp4::spec
