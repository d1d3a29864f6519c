#include "spec/recipe_book.h"

#include "absl/strings/str_cat.h"
#include "spec/check.h"
#include "spec/fields.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

bool IsRuleOnly(std::string_view field) {
  return field == "match" || field == "use" || field == "from_step";
}

// Notes where the document says something about the operands.
void NoteOrigins(const Member& member, const Path& path, Bundle& bundle) {
  for (size_t i = 0; i < std::size(kOperandUses); ++i) {
    const OperandUse use = kOperandUses[i];
    const std::string_view operand = OperandName(TensorOf(use));
    const bool names_gemm = member.key == GemmName(use.gemm);
    const bool whole_gemm = names_gemm && member.value.kind == Node::Kind::kString;
    if (member.key == operand || whole_gemm) {
      bundle.origins[i] = {member.value.place, path.ToString()};
    } else if (const Node* own = names_gemm ? member.value.Find(operand) : nullptr) {
      bundle.origins[i] = {own->place, path.Field(operand).ToString()};
    }
  }
}

}  // namespace

bool FitsPrecisionField(const Node& node, std::string_view field) {
  const Type& precision = FindField(DocumentType(), "precision")->type;
  const Type& type = FindField(precision, field)->type;
  Problems unused;
  return Check(node, type.items.empty() ? type : type.items[0], Path{}, CheckAs::kDocument, unused);
}

RecipeBook::RecipeBook(const Node& precision, const Path& path, Problems& problems)
    : problems_(problems) {
  const Node* recipes = precision.Find("recipes");
  if (recipes == nullptr) return;
  const Path recipes_path = path.Field("recipes");
  for (const Member& member : recipes->members) {
    const Path own_path = recipes_path.Field(member.key);
    for (const BuiltinRecipe& builtin : BuiltinRecipes()) {
      if (builtin.name != member.key) continue;
      problems_.Add(member.key_place, own_path, "is the name of a built-in recipe; choose another");
    }
    std::optional<Bundle>& own = own_[member.key];
    if (!FitsPrecisionField(member.value, "recipes")) continue;
    Bundle bundle;
    if (Apply(member.value, own_path, bundle)) own = bundle;
  }
}

std::optional<Bundle> RecipeBook::Find(const Node& name, const Path& path) {
  if (auto own = own_.find(name.text); own != own_.end()) return own->second;
  for (const BuiltinRecipe& builtin : BuiltinRecipes()) {
    if (builtin.name == name.text) return BuiltinBundle(builtin);
  }
  problems_.Add(name.place, path,
                absl::StrCat("is ", Shown(name), SuggestionAndChoices(name.text, Names())));
  return std::nullopt;
}

bool RecipeBook::Apply(const Node& recipe, const Path& path, Bundle& bundle) {
  bool ok = true;
  for (const Member& member : recipe.members) {
    if (!IsRuleOnly(member.key)) ok = ApplyField(member, path, bundle) && ok;
  }
  return ok && CheckEstimatorOptions(recipe, path, bundle) && CheckOptions(bundle);
}

bool RecipeBook::CheckEstimatorOptions(const Node& recipe, const Path& path, const Bundle& bundle) {
  bool ok = true;
  for (const std::string_view option : {"dge_power", "dge_cap"}) {
    const Node* given = recipe.Find(option);
    if (given == nullptr || bundle.estimator == Estimator::kDge) continue;
    problems_.Add(
        given->place, path.Field(option),
        absl::StrCat("is given, and the estimator is '",
                     std::string(EstimatorName(bundle.estimator)), "'; it is an option of 'dge'"));
    ok = false;
  }
  return ok;
}

bool RecipeBook::ApplyField(const Member& member, const Path& parent, Bundle& bundle) {
  const Path path = parent.Field(member.key);
  if (std::string error = ApplyRecipeField(member.key, member.value, bundle); !error.empty()) {
    problems_.Add(member.value.place, path, std::move(error));
    return false;
  }
  NoteOrigins(member, path, bundle);
  return true;
}

// Options that a format does not take at all, whatever the layer.
bool RecipeBook::CheckOptions(const Bundle& bundle) {
  constexpr numerics::MatrixShape kRoomy = {4096, 4096};
  bool ok = true;
  for (size_t i = 0; i < std::size(kOperandUses); ++i) {
    const GemmPrecision& gemm = bundle.gemms[static_cast<size_t>(kOperandUses[i].gemm)];
    const OperandPrecision& operand = kOperandUses[i].second ? gemm.b : gemm.a;
    const Origin& origin = bundle.origins[i];
    if (!operand.quantized() || origin.path.empty()) continue;
    const numerics::Format& format = *numerics::FindFormat(operand.format);
    const absl::Status status = format.Check(operand.options, kRoomy);
    if (status.ok()) continue;
    problems_.Add(origin.place, origin.path, std::string(status.message()));
    ok = false;
  }
  return ok;
}

std::vector<std::string> RecipeBook::Names() const {
  std::vector<std::string> names = BuiltinRecipeNames();
  for (const auto& [name, bundle] : own_) names.push_back(name);
  return names;
}

}  // namespace fp4::spec
