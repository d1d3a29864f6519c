#include "spec/layer_row.h"

#include <algorithm>

namespace fp4::spec {
namespace {

// A look-up has no operand but the table.
void KeepWeightOnly(LayerPrecision& layer) {
  const OperandPrecision weight = layer.weight();
  for (GemmPrecision& gemm : layer.gemms) gemm = {};
  layer.gemms[static_cast<size_t>(Gemm::kFprop)].b = weight;
}

}  // namespace

LayerPrecision LayerRow(const TensorInfo& tensor, const std::string& recipe, const Bundle& bundle) {
  LayerPrecision layer{.layer = tensor.layer(),
                       .recipe = recipe,
                       .out_features = tensor.out_features(),
                       .in_features = tensor.in_features(),
                       .shares = tensor.shares.substr(0, tensor.shares.rfind('.')),
                       .is_lookup = tensor.role == TensorRole::kLookup,
                       .estimator = bundle.estimator,
                       .dge_power = bundle.dge_power,
                       .dge_cap = bundle.dge_cap};
  std::ranges::copy(bundle.gemms, layer.gemms);
  if (layer.is_lookup) KeepWeightOnly(layer);
  return layer;
}

}  // namespace fp4::spec
