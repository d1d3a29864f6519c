// Architectures by name: what `model.preset` fills in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fp4::spec {

struct Preset {
  std::string_view name, summary;
  // Field of "model" and its value as JSON. Every preset has the same fields.
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};

std::span<const Preset> Presets();
std::vector<std::string> PresetNames();

// A preset's value for a field of "model", as JSON.
std::string PresetValue(std::string_view preset, std::string_view field);

}  // namespace fp4::spec
