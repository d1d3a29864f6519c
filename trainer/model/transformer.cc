#include "trainer/model/transformer.h"

#include <algorithm>
#include <cmath>

namespace fp4::trainer {
namespace {

const spec::LayerPrecision& Row(const spec::RunSpec& run, std::string_view layer) {
  auto row = std::ranges::find(run.layers, layer, &spec::LayerPrecision::layer);
  TORCH_CHECK(row != run.layers.end(), "the layer table has no row ", std::string(layer));
  return *row;
}

}  // namespace

Transformer::Transformer(const spec::RunSpec& run, const ParameterSet& parameters,
                         at::ScalarType compute_type, StepContext& context, Backend& backend)
    : rotary_(MakeRotaryTable(run.model, backend.device())),
      checkpointing_(run.training.activation_checkpointing),
      context_(context),
      embedding_(
          Row(run, "embedding"), parameters.Master("embedding.weight"),
          run.model.embedding_scale ? std::sqrt(static_cast<double>(run.model.d_model)) : 1.0,
          context, backend),
      embedding_dropout_(run.model.dropout, "embedding", context, backend),
      final_dropout_(run.model.dropout, "final_norm", context, backend),
      final_norm_(run.model, parameters.Master("final_norm.weight"), compute_type),
      head_(Row(run, "lm_head"),
            parameters.Master(run.model.tie_embeddings ? "embedding.weight" : "lm_head.weight"),
            compute_type, context, backend) {
  BlockParts parts{run, parameters, compute_type, rotary_, context, backend};
  for (int64_t i = 0; i < run.model.num_layers; ++i)
    blocks_.push_back(std::make_unique<Block>(i, parts));
  stochastic_weights_ = std::ranges::any_of(run.layers, [](const spec::LayerPrecision& row) {
    return row.weight().options.rounding == numerics::Rounding::kStochastic;
  });
}

at::Tensor Transformer::Hidden(const at::Tensor& inputs) {
  at::Tensor x = embedding_dropout_(embedding_.Forward(inputs));  // (B, T, C) fp32
  for (const auto& block : blocks_) x = block->Forward(x, checkpointing_);
  x = final_dropout_(final_norm_.Forward(x));
  return x.view({-1, x.size(-1)});
}

LossSums Transformer::ForwardBackward(const at::Tensor& inputs, const at::Tensor& targets,
                                      double scale) {
  at::Tensor hidden = Hidden(inputs);
  HeadGradient head = HeadLossAndGradient(head_, hidden.detach(), targets.reshape(-1), scale);
  torch::autograd::backward({hidden}, {head.hidden});
  return head.sums;
}

LossSums Transformer::Evaluate(const at::Tensor& inputs, const at::Tensor& targets) {
  at::NoGradGuard no_grad;
  return HeadLoss(head_, Hidden(inputs), targets.reshape(-1));
}

void Transformer::Refresh() {
  embedding_.Refresh();
  for (const auto& block : blocks_) {
    for (Linear* linear : block->linears()) linear->Refresh();
  }
  head_.Refresh();
}

void Transformer::SetTraining(bool training) {
  if (context_.training == training) return;
  context_.training = training;
  if (stochastic_weights_) Refresh();
}

std::vector<QuantizedWeight> Transformer::quantized_weights() const {
  std::vector<QuantizedWeight> weights;
  auto add = [&](const auto& layer) {
    if (layer.weight_quantized())
      weights.push_back({layer.name(), layer.master().detach(), layer.weight()});
  };
  add(embedding_);
  for (const auto& block : blocks_) {
    for (Linear* linear : block->linears()) add(*linear);
  }
  add(head_);
  return weights;
}

}  // namespace fp4::trainer
