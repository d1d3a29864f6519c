// The layers of a model by name, and the table of what is quantized where.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

struct LayerShape {
  std::string name;  // "embedding", "blocks.0.attention.qkv", …, "lm_head"
  int64_t out_features = 0, in_features = 0;
};

// In the model's order: embedding, the blocks' linears, lm_head (with tied embeddings too: its GEMM
// is there).
std::vector<LayerShape> ModelLayers(const ModelSpec& model);

// Whether a pattern of precision.rules matches a layer's name: whole dotted segments, `*` within
// one, `**` any number,
// `{a..b}` a range, `{a,b}` a choice.
bool PatternMatches(std::string_view pattern, std::string_view layer);

// The table as people read it: layer, shape, recipe, the operands of each GEMM, bits per value,
// bytes.
std::string FormatLayerTable(const RunSpec& run);

// The same as JSON: [{"layer", "shape", "recipe", "estimator", "fprop": {"a", "b"}, …,
// "weight_bits", "weight_bytes"}]; a tied head has "shares_embedding": true: its matrix is counted
// there.
std::string LayerTableJson(const RunSpec& run);

}  // namespace fp4::spec
