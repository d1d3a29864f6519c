#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "spec/check.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "spec/presets.h"
#include "spec/recipes.h"

namespace fp4::spec {
namespace {

constexpr size_t kLineWidth = 100;

// Words of `text` in lines that begin with `margin` blanks.
std::string Wrapped(const std::string& text, size_t margin) {
  const std::string blanks(margin, ' ');
  std::string out, line;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!line.empty() && margin + line.size() + 1 + word.size() > kLineWidth) {
      absl::StrAppend(&out, blanks, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return absl::StrCat(out, blanks, line, "\n");
}

std::string DefaultText(const Field& field) {
  if (field.required) return "none: it must be given";
  if (!field.default_text.empty()) return field.default_text;
  return field.default_json.empty() ? "left out" : field.default_json;
}

bool HasFields(const Type& type) {
  return type.kind == Type::Kind::kObject && !type.fields.empty();
}

// The object that the fields below a field belong to: its own, or those of its items. Null: none.
const Type* FieldsBelow(const Type& type) {
  if (HasFields(type)) return &type;
  for (const Type& item : type.items) {
    if (const Type* found = FieldsBelow(item)) return found;
  }
  return nullptr;
}

void List(const Type& object, const std::string& prefix, bool deep, std::string& out) {
  for (const Field& field : object.fields) {
    const std::string name = prefix + field.name;
    const bool built = IsBuilt(field);
    const bool section = field.type.kind == Type::Kind::kObject && built;
    const std::string default_text = section ? "" : absl::StrCat("  (", DefaultText(field), ")");
    absl::StrAppend(&out, "  ", name, built ? default_text : "  (not built yet)", "\n",
                    Wrapped(field.doc, 6));
    if (deep && HasFields(field.type)) List(field.type, name + ".", true, out);
  }
}

std::string RecipeList() {
  std::string out = "Built-in recipes:\n";
  for (const BuiltinRecipe& recipe : BuiltinRecipes()) {
    absl::StrAppend(&out, "  ", std::string(recipe.name), "\n",
                    Wrapped(std::string(recipe.summary), 6));
  }
  return out;
}

std::string PresetList() {
  std::string out = "Presets:\n";
  for (const Preset& preset : Presets()) {
    absl::StrAppend(&out, "  ", std::string(preset.name), "\n",
                    Wrapped(std::string(preset.summary), 6));
    std::vector<std::string> values;
    for (const auto& [field, value] : preset.fields)
      values.push_back(absl::StrCat(std::string(field), " ", std::string(value)));
    absl::StrAppend(&out, Wrapped(absl::StrJoin(values, ", "), 6));
  }
  return out;
}

std::string Explanation(const std::string& name, const Field& field) {
  std::string out = absl::StrCat(name, "\n", Wrapped(field.doc, 2));
  if (!field.built) {
    return absl::StrCat(out, "  Not built yet: refused unless it is left out",
                        field.default_json.empty() ? "" : " or ", field.default_json, ".\n");
  }
  const Type* below = FieldsBelow(field.type);
  if (!HasFields(field.type)) {
    absl::StrAppend(&out, "  Allowed: ", AllowedText(field.type),
                    "\n  Default: ", DefaultText(field), "\n");
  }
  if (below != nullptr) {
    absl::StrAppend(&out, "\nFields:\n");
    List(*below, name + ".", false, out);
  }
  if (field.type.kind == Type::Kind::kRecipe) absl::StrAppend(&out, "\n", RecipeList());
  if (name == "model.preset") absl::StrAppend(&out, "\n", PresetList());
  return out;
}

}  // namespace

absl::StatusOr<std::string> Explain(std::string_view name) {
  const Type* object = &DocumentType();
  if (name.empty()) {
    std::string out = "Fields of the experiment document, each with its default:\n";
    List(*object, "", true, out);
    return out;
  }
  const Field* field = nullptr;
  std::string so_far;
  bool free_name = false;  // the next part may be a name of the user's
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(name.data(), name.size()), '.')) {
    const std::string step(part);
    const Field* next = object == nullptr ? nullptr : FindField(*object, step);
    if (next == nullptr && free_name) {
      free_name = false;
      continue;
    }
    if (next == nullptr) {
      const std::string full = so_far.empty() ? step : absl::StrCat(so_far, ".", step);
      if (object == nullptr)
        return absl::NotFoundError(absl::StrCat("'", so_far, "' has no fields"));
      return absl::NotFoundError(
          absl::StrCat("there is no field '", full, "'", UnknownFieldHint(*object, step)));
    }
    field = next;
    absl::StrAppend(&so_far, so_far.empty() ? "" : ".", step);
    free_name = field->type.kind == Type::Kind::kMap || field->type.kind == Type::Kind::kVariants;
    object = field->type.kind == Type::Kind::kVariants ? &DocumentType() : FieldsBelow(field->type);
  }
  return Explanation(so_far, *field);
}

}  // namespace fp4::spec
