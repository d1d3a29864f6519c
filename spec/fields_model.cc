// The section "model": the kind, the preset, and the fields of all kinds.
#include <algorithm>

#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/presets.h"

namespace fp4::spec {
namespace {

Field KindField() {
  Type type = Choice(ModelKindNames());
  type.unbuilt_choices = UnbuiltModelKinds();
  Field field{.name = "kind",
              .doc =
                  "What is trained: each kind has fields of its own, and those of another kind "
                  "are errors.",
              .type = std::move(type),
              .default_json = "\"" + ModelSpec().kind + "\"",
              .default_text = "that of the preset",
              .later = true};
  field.derive = [](const RunSpec&, const Node* section) {
    const Node* given = section == nullptr ? nullptr : section->Find("preset");
    const Preset* preset = given == nullptr ? nullptr : FindPreset(given->text);
    return "\"" + (preset == nullptr ? ModelSpec().kind : std::string(preset->kind)) + "\"";
  };
  field.store = Into(&RunSpec::model, &ModelSpec::kind);
  return field;
}

Field PresetField() {
  Type type = Choice(PresetNames());
  type.unbuilt_choices = UnbuiltPresetNames();
  Field field{.name = "preset",
              .doc = "An architecture by name; every other field of this section overrides it.",
              .type = std::move(type),
              .default_json = "\"micro\""};
  field.derive = [](const RunSpec& run, const Node*) {
    return "\"" + std::string(KindOf(run.model).presets.front().name) + "\"";
  };
  field.store = Into(&RunSpec::model, &ModelSpec::preset);
  return field;
}

}  // namespace

Type ModelType() {
  std::vector<Field> fields = {KindField(), PresetField()};
  // The default kind first, the others in their order.
  for (const std::string& name : ModelKindNames()) {
    const auto kind = std::ranges::find(ModelKinds(), name, &ModelKind::name);
    for (Field& field : (*kind)->fields()) {
      field.kinds = KindsWith(field.name);
      field.built = field.built && (*kind)->built;
      fields.push_back(std::move(field));
    }
  }
  return ObjectOf(std::move(fields));
}

}  // namespace fp4::spec
