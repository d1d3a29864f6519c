#include "spec/layers.h"

#include "absl/strings/str_cat.h"

namespace fp4::spec {

std::vector<LayerShape> ModelLayers(const ModelSpec& model) {
  const int64_t width = model.d_model;
  std::vector<LayerShape> layers = {{"embedding", model.vocab_size, width}};
  for (int64_t i = 0; i < model.num_layers; ++i) {
    const std::string block = absl::StrCat("blocks.", i, ".");
    layers.push_back({block + "attention.qkv", 3 * width, width});
    layers.push_back({block + "attention.out", width, width});
    layers.push_back({block + "mlp.up", model.d_ff, width});
    if (model.gated()) layers.push_back({block + "mlp.gate", model.d_ff, width});
    layers.push_back({block + "mlp.down", width, model.d_ff});
  }
  layers.push_back({"lm_head", model.vocab_size, width});
  return layers;
}

double LayerPrecision::weight_bits(ComputeDtype compute_dtype) const {
  if (!weight().quantized()) return compute_dtype == ComputeDtype::kBf16 ? 16 : 32;
  return numerics::FindFormat(weight().format)
      ->BitsPerValue(weight().options, {out_features, in_features});
}

}  // namespace fp4::spec
