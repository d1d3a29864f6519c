// From the sections "precision.budget" and "sensitivity" to what they decide on.
#pragma once

#include "spec/problems.h"
#include "spec/recipe_book.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// `section` is precision.budget, `path` its path; null: it is left out, and the budget is off.
// Gives run.budget with the candidates, pins and groups resolved. Problems, beside those of
// ResolveCandidates and SetLimit: pins and groups that match nothing, contradict one another or
// name a recipe that is no candidate; a schedule or adaptive precision beside it.
BudgetSpec ResolveBudget(const Node* section, const Path& path, const RunSpec& run,
                         RecipeBook& recipes, Problems& problems);

// `section` is "sensitivity"; null: it is left out, and nothing is measured.
SensitivitySpec ResolveSensitivity(const Node* section, const RunSpec& run, RecipeBook& recipes,
                                   Problems& problems);

}  // namespace fp4::spec
