// The limit of a budget: which of its four it has, and whether any assignment stays within it.
#pragma once

#include <string>

#include "spec/budget/costs.h"
#include "spec/problems.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// Sets budget.unit, limit and fixed by the one limit that `section`, at `path`, gives; candidates,
// pins and groups are there already. Problems: no limit or several; one below the smallest
// assignment, with what that takes; a group without a candidate in common; "raise-only" by seconds,
// whose smallest assignment nobody knows before it is measured; training_bytes beside the
// compute_dtype "auto". Whether measured seconds are enough, a run finds out at its first decision.
void SetLimit(const Node& section, const Path& path, const RunSpec& run, BudgetSpec& budget,
              Problems& problems);

// "1234 bytes", "0.25 seconds": a cost in the budget's unit.
std::string CostText(BudgetUnit unit, int64_t cost);

// Why no assignment is within budget.limit; empty: one is.
std::string WhyTooSmall(const BudgetSpec& budget, const LayerCosts& costs);

}  // namespace fp4::spec
