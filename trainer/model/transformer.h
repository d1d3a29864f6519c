// The decoder-only transformer that runs train: embedding, pre-norm blocks, a final norm, the head.
#pragma once

#include <memory>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/model/block.h"
#include "trainer/model/embedding.h"
#include "trainer/model/head_loss.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// Batches are token ids: inputs and targets (B, T), int64. Losses are cross-entropies in nats.
class Transformer : public Model {
 public:
  explicit Transformer(const ModelParts& parts);

  LossSums ForwardBackward(const Batch& batch, double scale) override;
  LossSums Evaluate(const Batch& batch) override;
  at::Tensor SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) override;

 private:
  at::Tensor Hidden(const at::Tensor& inputs);  // (B, T) → (B T, C) in the compute type

  const RotaryTable rotary_;
  const bool checkpointing_;
  Embedding embedding_;
  Dropout embedding_dropout_, final_dropout_;
  NormLayer final_norm_;
  std::vector<std::unique_ptr<Block>> blocks_;
  Linear head_;
};

}  // namespace fp4::trainer
