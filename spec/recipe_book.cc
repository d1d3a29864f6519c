#include "spec/recipe_book.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/check.h"
#include "spec/features.h"
#include "spec/fields.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

bool IsRuleOnly(std::string_view field) { return field == "match" || field == "use"; }

// Where to point for what is wrong with the whole: the first field that changes something.
const Member* FirstChange(const Node& recipe) {
  for (const Member& member : recipe.members) {
    if (!IsRuleOnly(member.key)) return &member;
  }
  return nullptr;
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
    if (builtin.name != name.text) continue;
    const std::string missing = WhyNotBuilt(builtin);
    if (missing.empty()) return BuiltinBundle(builtin);
    problems_.Add(name.place, path,
                  absl::StrCat("is '", name.text, "', which needs ", missing, ": not built yet",
                               SuggestionAndChoices("", Names())));
    return std::nullopt;
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
  return ok && CheckOptions(recipe, path, bundle);
}

bool RecipeBook::ApplyField(const Member& member, const Path& parent, Bundle& bundle) {
  const Path path = parent.Field(member.key);
  const std::vector<std::string> missing_before = UnbuiltFeatures(bundle);
  if (std::string error = ApplyRecipeField(member.key, member.value, bundle); !error.empty()) {
    problems_.Add(member.value.place, path, std::move(error));
    return false;
  }
  const std::vector<std::string> missing = UnbuiltFeatures(bundle);
  if (missing.empty()) return true;
  if (missing_before != missing) {
    problems_.Add(member.value.place, path,
                  absl::StrCat("needs ", absl::StrJoin(missing, ", "), ": not built yet"));
  }
  return false;
}

// Options that a format does not take at all, whatever the layer.
bool RecipeBook::CheckOptions(const Node& recipe, const Path& path, const Bundle& bundle) {
  constexpr numerics::MatrixShape kRoomy = {4096, 4096};
  const OperandPrecision& weight = bundle.gemms[static_cast<size_t>(Gemm::kFprop)].b;
  const Member* change = FirstChange(recipe);
  if (!weight.quantized() || change == nullptr) return true;
  absl::Status status = numerics::FindFormat(weight.format)->Check(weight.options, kRoomy);
  if (status.ok()) return true;
  problems_.Add(change->value.place, path.Field(change->key), std::string(status.message()));
  return false;
}

std::vector<std::string> RecipeBook::Names() const {
  std::vector<std::string> names = UsableRecipes();
  for (const auto& [name, bundle] : own_) names.push_back(name);
  return names;
}

}  // namespace fp4::spec
