#include "trainer/model/model.h"

#include <algorithm>
#include <utility>

namespace fp4::trainer {
namespace {

const spec::LayerPrecision& RowOf(const std::vector<spec::LayerPrecision>& table,
                                  const std::string& layer) {
  auto row = std::ranges::find(table, layer, &spec::LayerPrecision::layer);
  TORCH_CHECK(row != table.end(), "the layer table has no row ", layer);
  return *row;
}

}  // namespace

void Model::SetLayers(std::vector<QuantizedLayer*> layers,
                      const std::vector<spec::LayerPrecision>& table) {
  layers_ = std::move(layers);
  for (const QuantizedLayer* layer : layers_) table_.push_back(RowOf(table, layer->name()));
  stochastic_weights_ = std::ranges::any_of(layers_, &QuantizedLayer::weight_stochastic);
  Refresh();
}

std::vector<QuantizedLayer*> Model::Use(const std::vector<spec::LayerPrecision>& table) {
  at::NoGradGuard no_grad;
  std::vector<QuantizedLayer*> changed;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const spec::LayerPrecision& row = RowOf(table, layers_[i]->name());
    if (row == table_[i]) continue;
    table_[i] = row;
    layers_[i]->Use(row);
    changed.push_back(layers_[i]);
  }
  RefreshWeights(changed, backend_);
  stochastic_weights_ = std::ranges::any_of(layers_, &QuantizedLayer::weight_stochastic);
  return changed;
}

void Model::Refresh() { RefreshWeights(layers_, backend_); }

void Model::FinishGradients() {
  for (QuantizedLayer* layer : layers_) layer->FinishGradient();
}

void Model::SetTraining(bool training) {
  if (context_.training == training) return;
  context_.training = training;
  if (stochastic_weights_) Refresh();
}

const spec::LayerPrecision& ModelParts::Precision(const std::string& layer) const {
  return RowOf(run.layers, layer);
}

Linear::EstimatorFactory ModelParts::Estimators() const {
  return [parameters = &this->parameters,
          context = &this->context](const spec::LayerPrecision& precision) {
    return MakeEstimator({precision, *parameters, *context});
  };
}

std::unique_ptr<Linear> MakeLinear(const std::string& name, const ModelParts& parts) {
  return std::make_unique<Linear>(parts.Precision(name), parts.parameters.Master(name + ".weight"),
                                  parts.compute_type, parts.context, parts.backend,
                                  parts.Estimators());
}

}  // namespace fp4::trainer
