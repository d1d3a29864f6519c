// docs/spec.md's tables, in Markdown.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "spec/document.h"
#include "spec/field.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/presets.h"
#include "spec/recipes.h"

namespace fp4::spec {
namespace {

std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"<", "\\<"}, {"*", "\\*"}});
}

std::string Code(const std::string& text) {
  return text.empty() ? "" : absl::StrCat("`", text, "`");
}

std::string CodeList(const std::vector<std::string>& words) {
  return absl::StrJoin(words, ", ",
                       [](std::string* out, const std::string& word) { *out += Code(word); });
}

std::string DefaultCell(const Field& field) {
  if (field.required) return "**required**";
  if (!field.default_text.empty()) return Cell(field.default_text);
  return Code(field.default_json);
}

std::string AllowedCell(const Field& field) {
  if (!field.built) return "*not built yet*";
  if (field.type.kind == Type::Kind::kChoice || field.type.kind == Type::Kind::kBoolean) {
    std::vector<std::string> choices = BuiltChoices(field.type);
    if (field.type.kind == Type::Kind::kBoolean) choices = {"true", "false"};
    const std::string next =
        field.type.unbuilt_choices.empty()
            ? ""
            : absl::StrCat(" (not built yet: ", CodeList(field.type.unbuilt_choices), ")");
    return CodeList(choices) + next;
  }
  return Cell(AllowedText(field.type));
}

bool IsSection(const Field& field) {
  return field.type.kind == Type::Kind::kObject && !field.type.fields.empty();
}

void AppendTable(const Type& object, std::string& out) {
  out += "| field | meaning | allowed | default |\n|---|---|---|---|\n";
  for (const Field& field : object.fields) {
    const bool section = IsSection(field);
    absl::StrAppend(&out, "| `", field.name, "` | ", Cell(field.doc), " | ",
                    section ? "the section below" : AllowedCell(field), " | ",
                    section ? "" : DefaultCell(field), " |\n");
  }
  out += "\n";
}

// A shorter cell for what the table of rules repeats.
const Type& RuleType() {
  const Type& precision = FindField(DocumentType(), "precision")->type;
  return FindField(precision, "rules")->type.items[0];
}

void AppendPrecisionParts(std::string& out) {
  Type rule = RuleType();
  const Type operand = FindField(rule, "weights")->type.items[1];
  for (Field& field : rule.fields) {
    if (field.type.kind == Type::Kind::kEither) {
      const bool gemm = field.name == "fprop" || field.name == "dgrad" || field.name == "wgrad";
      field.default_text = "as the recipe";
      field.type =
          Choice({gemm ? "a format, or its two operands" : "a format, or an operand (below)"});
      field.type.kind = Type::Kind::kString;
    } else if (!field.required) {
      field.default_text = "as the recipe";
    }
  }
  out +=
      "### A rule, and a recipe of your own\n\nA recipe has the same fields without `match` and "
      "`use`.\n\n";
  out += "| field | meaning | default |\n|---|---|---|\n";
  for (const Field& field : rule.fields) {
    absl::StrAppend(&out, "| `", field.name, "` | ", Cell(field.doc), " | ", DefaultCell(field),
                    " |\n");
  }
  out +=
      "\n### An operand\n\nThe name of a format, or an object. What is left out keeps what the "
      "recipe says, and else the "
      "format's own choice.\n\n";
  out += "| field | meaning | allowed |\n|---|---|---|\n";
  for (const Field& field : operand.fields) {
    absl::StrAppend(&out, "| `", field.name, "` | ", Cell(field.doc), " | ", AllowedCell(field),
                    " |\n");
  }
  out += "\n";
}

void AppendRecipes(std::string& out) {
  out += "### Built-in recipes\n\n| name | meaning | as written |\n|---|---|---|\n";
  for (const BuiltinRecipe& recipe : BuiltinRecipes()) {
    absl::StrAppend(&out, "| `", std::string(recipe.name), "` | ",
                    Cell(std::string(recipe.summary)), " | ",
                    Code(WriteCompactJson(ParseJson(recipe.json).root)), " |\n");
  }
  out += "\n";
}

// One table for each kind: its presets have the same fields.
void AppendPresetsOf(const std::string& kind, std::string& out) {
  bool first = true;
  for (const Preset& preset : Presets()) {
    if (preset.kind != kind) continue;
    std::string names = "| preset |", lines = "|---|";
    std::string row = absl::StrCat("| `", std::string(preset.name), "` |");
    for (const auto& [field, value] : preset.fields) {
      absl::StrAppend(&names, " `", std::string(field), "` |");
      absl::StrAppend(&lines, "---|");
      absl::StrAppend(&row, " ", std::string(value), " |");
    }
    if (first) absl::StrAppend(&out, names, "\n", lines, "\n");
    first = false;
    absl::StrAppend(&out, row, "\n");
  }
  out += "\n";
}

void AppendPresets(std::string& out) {
  out += "### Presets\n\n";
  for (const std::string& kind : ModelKindNames()) AppendPresetsOf(kind, out);
  for (const Preset& preset : Presets()) {
    absl::StrAppend(&out, "- `", std::string(preset.name), "`: ", std::string(preset.summary),
                    "\n");
  }
  out += "\n";
}

}  // namespace

std::string ReferencePage() {
  std::string out = "## All fields\n\n";
  AppendTable(DocumentType(), out);
  for (const Field& section : DocumentType().fields) {
    if (section.type.kind != Type::Kind::kObject || section.type.fields.empty()) continue;
    absl::StrAppend(&out, "## `", section.name, "`\n\n", section.doc, "\n\n");
    AppendTable(section.type, out);
    for (const Field& field : section.type.fields) {
      if (!IsSection(field)) continue;
      absl::StrAppend(&out, "### `", section.name, ".", field.name, "`\n\n", field.doc, "\n\n");
      AppendTable(field.type, out);
    }
    if (section.name == "model") AppendPresets(out);
    if (section.name == "precision") {
      AppendPrecisionParts(out);
      AppendRecipes(out);
    }
  }
  out.pop_back();
  return out;
}

}  // namespace fp4::spec
