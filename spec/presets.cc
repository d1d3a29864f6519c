#include "spec/presets.h"

#include <algorithm>
#include <cassert>

#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {

namespace {

// The default kind's first, the others in their order.
std::vector<Preset> CollectPresets() {
  std::vector<Preset> presets;
  for (const std::string& name : ModelKindNames()) {
    const ModelKind& kind = **std::ranges::find(ModelKinds(), name, &ModelKind::name);
    for (Preset preset : kind.presets) {
      preset.kind = kind.name;
      presets.push_back(std::move(preset));
    }
  }
  return presets;
}

}  // namespace

std::span<const Preset> Presets() {
  static const std::vector<Preset> presets = CollectPresets();
  return presets;
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.emplace_back(preset.name);
  return names;
}

std::vector<std::string> UnbuiltPresetNames() {
  const std::vector<std::string> kinds = UnbuiltModelKinds();
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) {
    if (std::ranges::find(kinds, preset.kind) != kinds.end()) names.emplace_back(preset.name);
  }
  return names;
}

const Preset* FindPreset(std::string_view name) {
  const auto found = std::ranges::find(Presets(), name, &Preset::name);
  return found == Presets().end() ? nullptr : &*found;
}

std::string PresetValue(const ModelSpec& model, std::string_view field) {
  const Preset* preset = FindPreset(model.preset);
  if (preset == nullptr || preset->kind != model.kind) preset = &KindOf(model).presets.front();
  for (const auto& [key, value] : preset->fields) {
    if (key == field) return std::string(value);
  }
  assert(false);
  return "0";
}

Field FromPreset(Field field) {
  field.default_text = "from the preset";
  field.derive = [name = field.name](const RunSpec& run, const Node*) {
    return PresetValue(run.model, name);
  };
  return field;
}

}  // namespace fp4::spec
