#include "spec/presets.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {

std::span<const Preset> Presets() {
  static const std::array presets = {
      Preset{"micro",
             "transformer",
             "0.8 million parameters over bytes: trains on a CPU in seconds.",
             {{"d_model", "128"},
              {"num_layers", "4"},
              {"num_heads", "4"},
              {"d_ff", "512"},
              {"vocab_size", "256"},
              {"sequence_length", "128"},
              {"activation", "\"silu\""},
              {"dropout", "0"},
              {"tie_embeddings", "true"},
              {"embedding_scale", "false"}}},
      Preset{"seed-30m",
             "transformer",
             "The architecture of the published FP4 experiment, with rotary positions as they were "
             "meant: 29.5 million parameters.",
             {{"d_model", "384"},
              {"num_layers", "6"},
              {"num_heads", "8"},
              {"d_ff", "1536"},
              {"vocab_size", "49152"},
              {"sequence_length", "512"},
              {"activation", "\"silu\""},
              {"dropout", "0.1"},
              {"tie_embeddings", "true"},
              {"embedding_scale", "true"}}},
      Preset{"llama-60m",
             "transformer",
             "The 60M Llama of the low-rank and low-precision training literature: gated, untied, "
             "58 million parameters.",
             {{"d_model", "512"},
              {"num_layers", "8"},
              {"num_heads", "8"},
              {"d_ff", "1376"},
              {"vocab_size", "32000"},
              {"sequence_length", "256"},
              {"activation", "\"swiglu\""},
              {"dropout", "0"},
              {"tie_embeddings", "false"},
              {"embedding_scale", "false"}}},
      Preset{"llama-130m",
             "transformer",
             "The next size of the same family: 134 million parameters.",
             {{"d_model", "768"},
              {"num_layers", "12"},
              {"num_heads", "12"},
              {"d_ff", "2048"},
              {"vocab_size", "32000"},
              {"sequence_length", "256"},
              {"activation", "\"swiglu\""},
              {"dropout", "0"},
              {"tie_embeddings", "false"},
              {"embedding_scale", "false"}}},
      Preset{"cnn-small",
             "convnet",
             "Three stages of 3x3 convolutions over 16x16 grey images: 24 thousand parameters.",
             {{"channels", "[16, 32, 64]"},
              {"kernel", "3"},
              {"image_size", "16"},
              {"image_channels", "1"},
              {"num_classes", "10"}}},
      Preset{"autoencoder-16",
             "autoencoder",
             "64 values through a bottleneck of 4: 4.4 thousand parameters.",
             {{"layer_sizes", "[64, 32, 4, 32, 64]"}, {"activation", "\"silu\""}}},
  };
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
  if (preset == nullptr || preset->kind != model.kind)
    preset = FindPreset(KindOf(model).default_preset);
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
