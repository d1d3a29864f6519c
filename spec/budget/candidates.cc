#include "spec/budget/candidates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/estimator_checks.h"
#include "spec/layer_patterns.h"
#include "spec/layer_row.h"
#include "spec/operand_checks.h"
#include "spec/pattern.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

// A recipe that layers may get.
struct ScoredRecipe {
  std::string name;
  Bundle bundle;
};

// Scores and switches know weights that their quantizer alone makes of the master.
std::string WhyNoCandidate(const Bundle& bundle) {
  switch (bundle.estimator) {
    case Estimator::kStraightThrough:
    case Estimator::kDge:
      return "";
    case Estimator::kNone:
    case Estimator::kQuest:
    case Estimator::kLsq:
    case Estimator::kNoise:
      return absl::StrCat("has the estimator '", std::string(EstimatorName(bundle.estimator)),
                          "'; a candidate trains straight-through or by dge");
  }
  return "";
}

std::vector<std::optional<ScoredRecipe>> ReadRecipes(const CandidateFields& fields,
                                                     RecipeBook& book, Problems& problems) {
  std::vector<std::optional<ScoredRecipe>> recipes;
  for (size_t i = 0; i < fields.recipes.items.size(); ++i) {
    const Node& name = fields.recipes.items[i];
    const Path path = fields.recipes_path.Item(i);
    recipes.emplace_back();
    if (name.kind != Node::Kind::kString) continue;  // reported already
    const std::optional<Bundle> bundle = book.Find(name, path);
    if (!bundle) continue;
    const std::string why = WhyNoCandidate(*bundle);
    if (why.empty()) {
      recipes.back() = ScoredRecipe{name.text, *bundle};
    } else {
      problems.Add(name.place, path, absl::StrCat("is ", Shown(name), ", which ", why));
    }
  }
  return recipes;
}

std::string Misfit(const LayerPrecision& row, const TensorInfo& tensor, const RunSpec& run) {
  const auto faults = FindOperandFaults(row, tensor, run.training.micro_batch_size);
  return faults.empty() ? EstimatorFault(row) : faults.front().message;
}

std::vector<LayerCandidate> CandidatesOf(const TensorInfo& tensor, const RunSpec& run,
                                         const std::vector<std::optional<ScoredRecipe>>& recipes) {
  std::vector<LayerCandidate> found;
  for (size_t r = 0; r < recipes.size(); ++r) {
    LayerPrecision row = LayerRow(tensor, recipes[r]->name, recipes[r]->bundle);
    if (Misfit(row, tensor, run).empty())
      found.push_back({static_cast<int32_t>(r), std::move(row)});
  }
  return found;
}

std::vector<TensorInfo> MatchedLayers(const Pattern& pattern, const ModelSpec& model) {
  std::vector<TensorInfo> matched;
  for (TensorInfo& tensor : ModelLayers(model)) {
    const bool scored = tensor.role == TensorRole::kLinear && tensor.shares.empty();
    if (scored && Matches(pattern, tensor.layer())) matched.push_back(std::move(tensor));
  }
  return matched;
}

// Why the recipe fits none of the layers, said of the last one; empty: it fits some.
std::string MisfitOfAll(const ScoredRecipe& recipe, const std::vector<TensorInfo>& layers,
                        const RunSpec& run) {
  std::string misfit;
  for (const TensorInfo& tensor : layers) {
    misfit = Misfit(LayerRow(tensor, recipe.name, recipe.bundle), tensor, run);
    if (misfit.empty()) break;
  }
  return misfit;
}

void ReportNoLayer(const CandidateFields& fields, const RunSpec& run, Problems& problems) {
  problems.Add(fields.match.place, fields.match_path,
               absl::StrCat("is ", Shown(fields.match),
                            ", which matches no layer with a GEMM and a matrix of its own",
                            SuggestionAndChoices("", LayerPatterns(run.model))));
}

void ReportMisfits(const CandidateFields& fields,
                   const std::vector<std::optional<ScoredRecipe>>& recipes,
                   const std::vector<TensorInfo>& layers, const RunSpec& run, Problems& problems) {
  for (size_t r = 0; r < recipes.size(); ++r) {
    const std::string misfit = MisfitOfAll(*recipes[r], layers, run);
    if (misfit.empty()) continue;
    problems.Add(fields.recipes.items[r].place, fields.recipes_path.Item(r),
                 absl::StrCat("is '", recipes[r]->name, "', which fits no layer: ", misfit));
  }
}

}  // namespace

Candidates ResolveCandidates(const CandidateFields& fields, const RunSpec& run, RecipeBook& book,
                             Problems& problems) {
  Candidates candidates;
  for (const Node& name : fields.recipes.items) candidates.recipes.push_back(name.text);
  std::vector<std::optional<ScoredRecipe>> recipes = ReadRecipes(fields, book, problems);
  const auto pattern = ParsePattern(fields.match.text);
  const bool usable = std::ranges::all_of(recipes, [](const auto& r) { return r.has_value(); });
  if (!pattern.ok() || !usable) return candidates;  // reported already
  const std::vector<TensorInfo> layers = MatchedLayers(*pattern, run.model);
  if (layers.empty()) {
    ReportNoLayer(fields, run, problems);
    return candidates;
  }
  if (fields.recipes_by_default) {
    std::erase_if(recipes,
                  [&](const auto& recipe) { return !MisfitOfAll(*recipe, layers, run).empty(); });
    candidates.recipes.clear();
    for (const auto& recipe : recipes) candidates.recipes.push_back(recipe->name);
  }
  for (const TensorInfo& tensor : layers) {
    std::vector<LayerCandidate> found = CandidatesOf(tensor, run, recipes);
    if (!found.empty()) {
      candidates.layers.push_back(std::move(found));
    } else {
      problems.Add(fields.recipes.place, fields.recipes_path,
                   absl::StrCat("has nothing that fits ", tensor.layer(), " (",
                                tensor.out_features(), " x ", tensor.in_features(), ")"));
    }
  }
  if (!fields.recipes_by_default) ReportMisfits(fields, recipes, layers, run, problems);
  return candidates;
}

}  // namespace fp4::spec
