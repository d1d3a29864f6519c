#include "spec/budget/budget.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/budget/candidates.h"
#include "spec/budget/limit.h"
#include "spec/field.h"
#include "spec/fields.h"
#include "spec/pattern.h"

namespace fp4::spec {
namespace {

// A field as given, or its default.
class SectionFields {
 public:
  SectionFields(const Node& section, const Type& type, const RunSpec& run)
      : section_(section), type_(type), run_(run) {}

  bool Gives(std::string_view name) const { return section_.Find(name) != nullptr; }

  const Node& Get(std::string_view name) {
    if (const Node* given = section_.Find(name)) return *given;
    auto [found, added] = defaults_.try_emplace(std::string(name));
    if (!added) return found->second;
    const Field& field = *FindField(type_, name);
    const std::string json = field.derive ? field.derive(run_, &section_) : field.default_json;
    Node node = ParseJson(json).root;
    node.place = section_.place;
    for (Node& item : node.items) item.place = section_.place;
    return found->second = std::move(node);
  }

 private:
  const Node& section_;
  const Type& type_;
  const RunSpec& run_;
  std::map<std::string, Node> defaults_;
};

const std::string& LayerNameOf(const std::vector<LayerCandidate>& layer) {
  return layer.front().row.layer;
}

class BudgetResolver {
 public:
  BudgetResolver(const Node& section, const Path& path, const RunSpec& run, RecipeBook& recipes,
                 Problems& problems)
      : section_(section),
        path_(path),
        run_(run),
        recipes_(recipes),
        problems_(problems),
        budget_(run.budget) {}

  BudgetSpec Resolve() {
    budget_.on = true;
    SectionFields fields(
        section_, FindField(FindField(DocumentType(), "precision")->type, "budget")->type, run_);
    budget_.candidates =
        ResolveCandidates({fields.Get("candidates"), path_.Field("candidates"), fields.Get("match"),
                           path_.Field("match"), !fields.Gives("candidates")},
                          run_, recipes_, problems_);
    ReadPins(fields.Get("pin"));
    ReadGroups(fields.Get("groups"));
    CheckSteps();
    SetLimit(section_, path_, run_, budget_, problems_);
    return std::move(budget_);
  }

 private:
  void Report(const Node& at, const Path& path, std::string message) {
    problems_.Add(at.place, path, std::move(message));
  }

  void ReadPins(const Node& pins) {
    const Path list = path_.Field("pin");
    for (size_t i = 0; i < pins.items.size(); ++i) {
      const Node *match = pins.items[i].Find("match"), *use = pins.items[i].Find("use");
      const auto pattern = ParsePattern(match == nullptr ? "" : match->text);
      if (match == nullptr || use == nullptr || !pattern.ok()) continue;  // reported already
      const auto recipe = std::ranges::find(budget_.candidates.recipes, use->text);
      if (recipe == budget_.candidates.recipes.end()) {
        Report(*use, list.Item(i).Field("use"),
               absl::StrCat("is ", Shown(*use), ", which is no candidate; allowed: ",
                            absl::StrJoin(budget_.candidates.recipes, ", ")));
        continue;
      }
      Pin(list.Item(i), *pattern, *match,
          static_cast<int32_t>(recipe - budget_.candidates.recipes.begin()));
    }
  }

  void Pin(const Path& path, const Pattern& pattern, const Node& match, int32_t recipe) {
    bool any = false;
    for (std::vector<LayerCandidate>& layer : budget_.candidates.layers) {
      if (!Matches(pattern, LayerNameOf(layer))) continue;
      any = true;
      const auto own = std::ranges::find(layer, recipe, &LayerCandidate::recipe);
      if (own == layer.end()) {
        Report(match, path.Field("match"),
               absl::StrCat("is ", Shown(match), ", and '",
                            budget_.candidates.recipes[static_cast<size_t>(recipe)],
                            "' does not fit ", LayerNameOf(layer), " or is pinned away"));
      } else {
        layer = {*own};
      }
    }
    if (!any) ReportNothing(path, match);
  }

  void ReportNothing(const Path& path, const Node& match) {
    Report(
        match, path.Field("match"),
        absl::StrCat("is ", Shown(match), ", which matches no layer that the budget decides on"));
  }

  void ReadGroups(const Node& groups) {
    budget_.groups.clear();
    for (size_t i = 0; i < budget_.candidates.layers.size(); ++i)
      budget_.groups.push_back(static_cast<int32_t>(i));
    const Path list = path_.Field("groups");
    std::vector<bool> grouped(budget_.groups.size(), false);
    for (size_t i = 0; i < groups.items.size(); ++i) {
      const Node& match = groups.items[i];
      const auto pattern = ParsePattern(match.text);
      if (!pattern.ok()) continue;  // reported already
      int32_t first = -1;
      for (size_t layer = 0; layer < grouped.size(); ++layer) {
        if (!Matches(*pattern, LayerNameOf(budget_.candidates.layers[layer]))) continue;
        if (grouped[layer])
          Report(match, list.Item(i),
                 absl::StrCat("is ", Shown(match), ", and ",
                              LayerNameOf(budget_.candidates.layers[layer]),
                              " is in an earlier group already"));
        grouped[layer] = true;
        if (first < 0) first = static_cast<int32_t>(layer);
        budget_.groups[layer] = first;
      }
      if (first < 0)
        Report(match, list.Item(i),
               absl::StrCat("is ", Shown(match),
                            ", which matches no layer that the budget decides on"));
    }
  }

  void CheckSteps() {
    if (run_.training.steps == 0 || budget_.from_step <= run_.training.steps) return;
    const Node* given = section_.Find("from_step");
    Report(given == nullptr ? section_ : *given, path_.Field("from_step"),
           absl::StrCat("is ", budget_.from_step, ", beyond the ", run_.training.steps,
                        " of training.steps: nothing would be decided"));
  }

  const Node& section_;
  const Path& path_;
  const RunSpec& run_;
  RecipeBook& recipes_;
  Problems& problems_;
  BudgetSpec budget_;
};

}  // namespace

BudgetSpec ResolveBudget(const Node* section, const Path& path, const RunSpec& run,
                         RecipeBook& recipes, Problems& problems) {
  if (section == nullptr) return {};
  return BudgetResolver(*section, path, run, recipes, problems).Resolve();
}

SensitivitySpec ResolveSensitivity(const Node* section, const RunSpec& run, RecipeBook& recipes,
                                   Problems& problems) {
  if (section == nullptr) return {};
  const Path root;
  const Path path = root.Field("sensitivity");
  SensitivitySpec sensitivity = run.sensitivity;
  sensitivity.on = true;
  SectionFields fields(*section, FindField(DocumentType(), "sensitivity")->type, run);
  sensitivity.candidates =
      ResolveCandidates({fields.Get("formats"), path.Field("formats"), fields.Get("match"),
                         path.Field("match"), !fields.Gives("formats")},
                        run, recipes, problems);
  return sensitivity;
}

}  // namespace fp4::spec
