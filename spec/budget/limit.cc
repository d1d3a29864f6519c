#include "spec/budget/limit.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/budget/training_memory.h"
#include "spec/events.h"
#include "spec/field.h"

namespace fp4::spec {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

// The fields that give a limit, with their values; 0: not given.
struct LimitField {
  std::string_view name;
  double value;
};

std::vector<LimitField> LimitFields(const BudgetSpec& budget) {
  return {{"weight_bits", budget.weight_bits},
          {"weight_bytes", static_cast<double>(budget.weight_bytes)},
          {"step_seconds", budget.step_seconds},
          {"training_bytes", static_cast<double>(budget.training_bytes)}};
}

std::string Names(const std::vector<LimitField>& fields, std::string_view between) {
  return absl::StrJoin(fields, absl::string_view(between.data(), between.size()),
                       [](std::string* out, const LimitField& field) { out->append(field.name); });
}

int64_t NumWeights(const BudgetSpec& budget) {
  int64_t sum = 0;
  for (const std::vector<LayerCandidate>& layer : budget.candidates.layers)
    sum += layer.front().row.out_features * layer.front().row.in_features;
  return sum;
}

void SetUnitAndLimit(std::string_view field, BudgetSpec& budget) {
  if (field == "weight_bits") {
    budget.limit = static_cast<int64_t>(
        std::floor(budget.weight_bits * static_cast<double>(NumWeights(budget)) / 8));
  } else if (field == "weight_bytes") {
    budget.limit = budget.weight_bytes;
  } else if (field == "step_seconds") {
    budget.unit = BudgetUnit::kNanoseconds;
    budget.limit = static_cast<int64_t>(std::llround(budget.step_seconds * kNanosecondsPerSecond));
  } else {
    budget.unit = BudgetUnit::kHeldBytes;
    budget.limit = budget.training_bytes;
  }
}

// `run` with the layers' own recipes.
void CountTraining(const RunSpec& run, BudgetSpec& budget) {
  budget.fixed = ComputeTrainingMemory(run).total();
  for (std::vector<LayerCandidate>& layer : budget.candidates.layers) {
    budget.fixed -= HeldWeightBytes(
        *std::ranges::find(run.layers, layer.front().row.layer, &LayerPrecision::layer), run);
    for (LayerCandidate& candidate : layer)
      candidate.held_bytes = HeldWeightBytes(candidate.row, run);
  }
}

// Layers of a group that have nothing in common; empty: every group has a candidate.
std::vector<std::string> LayersWithoutCandidate(const BudgetSpec& budget,
                                                const std::vector<BudgetGroup>& groups) {
  std::vector<std::string> names;
  const auto found =
      std::ranges::find_if(groups, [](const BudgetGroup& group) { return group.items.empty(); });
  if (found == groups.end()) return names;
  for (const size_t layer : found->layers)
    names.push_back(budget.candidates.layers[layer].front().row.layer);
  return names;
}

// What is wrong with the limit before anything has run; empty: nothing that is known then.
std::string WhyNotBegun(const RunSpec& run, BudgetSpec& budget) {
  if (budget.unit == BudgetUnit::kNanoseconds) {
    if (budget.how != BudgetSwitch::kRaiseOnly) return "";
    return "the switch 'raise-only' begins with the smallest candidates, and which of them are the "
           "fastest is not known before a run measures";
  }
  if (budget.unit == BudgetUnit::kHeldBytes) {
    if (std::string unknown = WhyMemoryIsUnknown(run); !unknown.empty()) return unknown;
    CountTraining(run, budget);
  }
  std::string why = WhyTooSmall(budget, CostsOf(budget, run.training.compute_dtype));
  const bool begins_with_own =
      budget.unit == BudgetUnit::kHeldBytes && budget.how != BudgetSwitch::kRaiseOnly;
  if (!why.empty() || !begins_with_own) return why;
  const int64_t own = ComputeTrainingMemory(run).total();
  if (own <= budget.limit) return "";
  return absl::StrCat(
      "until the first decision layers have their own recipes, with which training "
      "takes ",
      CostText(budget.unit, own));
}

}  // namespace

std::string CostText(BudgetUnit unit, int64_t cost) {
  if (unit != BudgetUnit::kNanoseconds) return absl::StrCat(cost, " bytes");
  return absl::StrCat(FormatNumber(static_cast<double>(cost) / kNanosecondsPerSecond), " seconds");
}

std::string WhyTooSmall(const BudgetSpec& budget, const LayerCosts& costs) {
  const int64_t smallest = budget.fixed + SmallestCost(BudgetGroups(budget, costs));
  if (smallest <= budget.limit) return "";
  if (budget.unit == BudgetUnit::kHeldBytes)
    return absl::StrCat("the least that training takes is ", CostText(budget.unit, smallest));
  std::string why = absl::StrCat("the smallest assignment of these candidates takes ",
                                 CostText(budget.unit, smallest));
  if (budget.unit == BudgetUnit::kStoredBytes)
    absl::StrAppend(&why, ", ",
                    8 * static_cast<double>(smallest) / static_cast<double>(NumWeights(budget)),
                    " bits a weight");
  return why;
}

void SetLimit(const Node& section, const Path& path, const RunSpec& run, BudgetSpec& budget,
              Problems& problems) {
  std::vector<LimitField> given = LimitFields(budget);
  const std::string all = Names(given, ", ");
  std::erase_if(given, [](const LimitField& field) { return field.value == 0; });
  if (given.size() != 1) {
    problems.Add(section.place, path,
                 given.empty()
                     ? absl::StrCat("has no limit: give one of ", all)
                     : absl::StrCat("gives ", Names(given, " and "), "; a budget has one limit"));
    return;
  }
  const std::string field(given.front().name);
  SetUnitAndLimit(field, budget);
  if (budget.candidates.layers.empty()) return;  // reported already
  const std::vector<std::string> apart = LayersWithoutCandidate(
      budget, BudgetGroups(budget, StoredBytes(budget, run.training.compute_dtype)));
  if (!apart.empty()) {
    problems.Add(
        section.place, path.Field("groups"),
        absl::StrCat("ties layers that have no candidate in common: ", absl::StrJoin(apart, ", ")));
    return;
  }
  const Node& value = *section.Find(field);
  const std::string why = WhyNotBegun(run, budget);
  if (!why.empty()) {
    problems.Add(
        value.place, path.Field(field),
        absl::StrCat("is ", Shown(value),
                     field == "weight_bits" ? absl::StrCat(", ", budget.limit, " bytes") : "", "; ",
                     why));
  }
}

}  // namespace fp4::spec
