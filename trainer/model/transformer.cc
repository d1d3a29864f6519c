#include "trainer/model/transformer.h"

#include <cmath>
#include <utility>

#include "trainer/random_tensors.h"

namespace fp4::trainer {

Transformer::Transformer(const ModelParts& parts)
    : Model(parts.context, parts.backend),
      rotary_(MakeRotaryTable(parts.run.model, parts.backend.device())),
      checkpointing_(parts.run.training.activation_checkpointing),
      embedding_(parts.Precision("embedding"), parts.parameters.Master("embedding.weight"),
                 parts.run.model.embedding_scale
                     ? std::sqrt(static_cast<double>(parts.run.model.d_model))
                     : 1.0,
                 parts.context, parts.backend),
      embedding_dropout_(parts.run.model.dropout, "embedding", parts.context, parts.backend),
      final_dropout_(parts.run.model.dropout, "final_norm", parts.context, parts.backend),
      final_norm_(parts.run.model.norm, parts.run.model.norm_eps,
                  parts.parameters.Master("final_norm.weight"), parts.compute_type),
      head_(parts.Precision("lm_head"),
            parts.parameters.Master(parts.run.model.tie_embeddings ? "embedding.weight"
                                                                   : "lm_head.weight"),
            parts.compute_type, parts.context, parts.backend, parts.Estimators()) {
  std::vector<QuantizedLayer*> layers = {&embedding_};
  for (int64_t i = 0; i < parts.run.model.num_layers; ++i) {
    blocks_.push_back(std::make_unique<Block>(i, parts, rotary_));
    for (Linear* linear : blocks_.back()->linears()) layers.push_back(linear);
  }
  layers.push_back(&head_);
  SetLayers(std::move(layers), parts.run.layers);
}

at::Tensor Transformer::Hidden(const at::Tensor& inputs) {
  at::Tensor x = embedding_dropout_(embedding_.Forward(inputs));  // (B, T, C) fp32
  for (const auto& block : blocks_) x = block->Forward(x, checkpointing_);
  x = final_dropout_(final_norm_.Forward(x));
  return x.view({-1, x.size(-1)});
}

LossSums Transformer::ForwardBackward(const Batch& batch, double scale) {
  at::Tensor hidden = Hidden(batch.inputs);
  HeadGradient head = HeadLossAndGradient(head_, hidden.detach(), batch.targets.reshape(-1), scale);
  torch::autograd::backward({hidden}, {head.hidden});
  return head.sums;
}

LossSums Transformer::Evaluate(const Batch& batch) {
  at::NoGradGuard no_grad;
  return HeadLoss(head_, Hidden(batch.inputs), batch.targets.reshape(-1));
}

at::Tensor Transformer::SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) {
  at::NoGradGuard no_grad;
  const at::Tensor uniform = UniformTensor(batch.targets.numel(), key, counter);
  return SampleHeadTargets(head_, Hidden(batch.inputs), uniform.to(batch.targets.device()))
      .view_as(batch.targets);
}

namespace {
const ModelRegistration transformer_registration("transformer", MakeModelOf<Transformer>);
}  // namespace

}  // namespace fp4::trainer
