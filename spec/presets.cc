#include "spec/presets.h"

#include <array>

namespace fp4::spec {

std::span<const Preset> Presets() {
  static const std::array presets = {
      Preset{"micro",
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
  };
  return presets;
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.emplace_back(preset.name);
  return names;
}

std::string PresetValue(std::string_view name, std::string_view field) {
  for (const Preset& preset : Presets()) {
    if (preset.name != name) continue;
    for (const auto& [key, value] : preset.fields) {
      if (key == field) return std::string(value);
    }
  }
  return PresetValue("micro", field);
}

}  // namespace fp4::spec
