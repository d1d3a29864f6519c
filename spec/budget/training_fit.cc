#include "spec/budget/training_fit.h"

#include <algorithm>
#include <optional>

#include "spec/budget/costs.h"
#include "spec/budget/limit.h"
#include "spec/budget/training_memory.h"
#include "spec/precision.h"
#include "spec/resolve.h"

namespace fp4::spec {
namespace {

struct FitStep {
  const char* section;
  const char* field;
  const char* json;
  bool of_stored_types = false;  // excluded by fp16
};

constexpr FitStep kFitSteps[] = {
    {"training", "activation_checkpointing", "true"},
    {"optimizer", "states", "\"8bit\""},
    {"optimizer", "gradients", "\"bf16\"", true},
    {"optimizer", "masters", "\"bf16\"", true},
};
constexpr FitStep kLastFitStep = {"optimizer", "states", "\"4bit\""};

// What the whole of training takes, by what the layers get.
struct TrainingNeeds {
  int64_t own = 0;  // their own recipes, until the first decision
  int64_t smallest = 0, largest = 0;
  int64_t limit = 0;

  bool FitsSmallest() const { return std::max(own, smallest) <= limit; }
  bool FitsLargest() const { return std::max(own, largest) <= limit; }
};

RunSpec RunOfDocument(const Node& merged, const ReadOptions& options) {
  Problems reported_later;
  Resolved resolved = Resolve(merged, options, reported_later);
  TakePrecision(
      ResolvePrecision(*resolved.document.Find("precision"), resolved.document.Find("sensitivity"),
                       resolved.run, reported_later),
      resolved.run);
  return std::move(resolved.run);
}

// Nothing where the budget is in another unit or has no layers.
std::optional<TrainingNeeds> TrainingNeedsOf(const RunSpec& run) {
  const BudgetSpec& budget = run.budget;
  const bool known = budget.on && budget.unit == BudgetUnit::kHeldBytes && budget.limit > 0 &&
                     !budget.candidates.layers.empty() && WhyMemoryIsUnknown(run).empty();
  if (!known) return std::nullopt;
  const std::vector<BudgetGroup> groups =
      BudgetGroups(budget, CostsOf(budget, run.training.compute_dtype));
  const bool begins_smallest = budget.how == BudgetSwitch::kRaiseOnly;
  TrainingNeeds needs{.own = begins_smallest ? 0 : ComputeTrainingMemory(run).total(),
                      .smallest = budget.fixed + SmallestCost(groups),
                      .largest = budget.fixed,
                      .limit = budget.limit};
  for (const BudgetGroup& group : groups) {
    if (group.items.empty()) return std::nullopt;
    needs.largest += std::ranges::max(group.items, {}, &KnapsackItem::bytes).bytes;
  }
  return needs;
}

bool MayTakeStep(const FitStep& step, const Node& merged, const RunSpec& run) {
  const Node* section = merged.Find(step.section);
  if (section != nullptr && section->Find(step.field) != nullptr) return false;
  if (!step.of_stored_types) return true;
  const bool fp32_masters = std::string_view(step.field) == "masters" &&
                            merged.Find("precision")->Find("de_oscillation") != nullptr;
  return run.training.compute_dtype != ComputeDtype::kFp16 && !fp32_masters;
}

Node WithStep(const Node& document, const FitStep& step) {
  Node changed = document;
  if (changed.Find(step.section) == nullptr) changed.Set(step.section, Node::Object());
  Node* section = changed.Find(step.section);
  Node value = ParseJson(step.json).root;
  value.place = section->place;
  section->Set(step.field, std::move(value));
  return changed;
}

// A document on its way down.
class TrainingFit {
 public:
  TrainingFit(const Node& merged, const ReadOptions& options, TrainingNeeds needs)
      : merged_(merged), options_(options), document_(merged), needs_(needs) {}

  Node Take() {
    for (const FitStep& step : kFitSteps) {
      if (needs_.FitsLargest()) return document_;
      Try(step);
    }
    if (!needs_.FitsSmallest()) Try(kLastFitStep);
    return document_;
  }

 private:
  // Whether a field is left out is asked of the document as it was given.
  void Try(const FitStep& step) {
    if (!MayTakeStep(step, merged_, RunOfDocument(document_, options_))) return;
    Node changed = WithStep(document_, step);
    const std::optional<TrainingNeeds> after = TrainingNeedsOf(RunOfDocument(changed, options_));
    if (!after || after->smallest >= needs_.smallest) return;
    document_ = std::move(changed);
    needs_ = *after;
  }

  const Node& merged_;
  const ReadOptions& options_;
  Node document_;
  TrainingNeeds needs_;
};

bool AsksForIt(const Node& merged) {
  const Node* precision = merged.Find("precision");
  const Node* budget = precision == nullptr ? nullptr : precision->Find("budget");
  return budget != nullptr && budget->Find("training_bytes") != nullptr;
}

}  // namespace

Node FitTraining(const Node& merged, const ReadOptions& options) {
  if (!AsksForIt(merged)) return merged;
  const std::optional<TrainingNeeds> needs = TrainingNeedsOf(RunOfDocument(merged, options));
  return needs ? TrainingFit(merged, options, *needs).Take() : merged;
}

}  // namespace fp4::spec
