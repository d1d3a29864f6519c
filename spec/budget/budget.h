// From the sections "precision.budget" and "sensitivity" to what they decide on.
#pragma once

#include "spec/budget/knapsack.h"
#include "spec/problems.h"
#include "spec/recipe_book.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// `section` is precision.budget, `path` its path; null: it is left out, and the budget is off.
// Gives run.budget with the candidates, pins and groups resolved. Problems, beside those of
// ResolveCandidates: no limit or two; a limit below the smallest assignment, with its bytes; pins
// and groups that match nothing, contradict one another or name a recipe that is no candidate; a
// schedule or adaptive precision beside it.
BudgetSpec ResolveBudget(const Node* section, const Path& path, const RunSpec& run,
                         RecipeBook& recipes, Problems& problems);

// `section` is "sensitivity"; null: it is left out, and nothing is measured.
SensitivitySpec ResolveSensitivity(const Node* section, const RunSpec& run, RecipeBook& recipes,
                                   Problems& problems);

// What the knapsack chooses from: an item for each candidate that all layers of a group have, with
// the sums of their bytes, and scores of zero.
struct BudgetGroup {
  std::vector<size_t> layers;    // of the candidates
  std::vector<int32_t> recipes;  // by item
  std::vector<KnapsackItem> items;
};
std::vector<BudgetGroup> BudgetGroups(const BudgetSpec& budget, ComputeDtype compute_dtype);

}  // namespace fp4::spec
