#include "trainer/model/model.h"

#include <algorithm>
#include <utility>

namespace fp4::trainer {

void Model::SetLayers(std::vector<QuantizedLayer*> layers) {
  layers_ = std::move(layers);
  stochastic_weights_ = std::ranges::any_of(layers_, &QuantizedLayer::weight_stochastic);
  Refresh();
}

void Model::Refresh() { RefreshWeights(layers_, backend_); }

void Model::SetTraining(bool training) {
  if (context_.training == training) return;
  context_.training = training;
  if (stochastic_weights_) Refresh();
}

const spec::LayerPrecision& ModelParts::Precision(const std::string& layer) const {
  auto row = std::ranges::find(run.layers, layer, &spec::LayerPrecision::layer);
  TORCH_CHECK(row != run.layers.end(), "the layer table has no row ", layer);
  return *row;
}

}  // namespace fp4::trainer
