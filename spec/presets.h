// Architectures by name: what `model.preset` fills in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

// A kind of models lists its presets (spec/model_kinds.h).
struct Preset {
  std::string_view name, summary;
  // Field of "model" and its value as JSON. Presets of one kind have the same fields.
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::string_view kind = {};  // a spec::ModelKind's name; Presets() fills it in
};

// Of all kinds.
std::span<const Preset> Presets();
std::vector<std::string> PresetNames();

// Those of kinds that are not built yet.
std::vector<std::string> UnbuiltPresetNames();

// The preset of that name; null: there is none.
const Preset* FindPreset(std::string_view name);

// The value, as JSON, that the model's preset has for a field; where it is of another kind than the
// model, that of the kind's own preset.
std::string PresetValue(const ModelSpec& model, std::string_view field);

}  // namespace fp4::spec
