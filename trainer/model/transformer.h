// The decoder-only transformer that runs train: embedding, pre-norm blocks, a final norm, the head.
#pragma once

#include <memory>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/model/block.h"
#include "trainer/model/embedding.h"
#include "trainer/model/head_loss.h"
#include "trainer/model/parameters.h"

namespace fp4::trainer {

// A layer's weight beside what its GEMM or look-up sees of it.
struct QuantizedWeight {
  std::string layer;
  at::Tensor master;     // fp32
  at::Tensor quantized;  // the same shape, in the type in which it is used
};

// Not thread-safe. `run`, `parameters`, `context` and `backend` outlive it.
class Transformer {
 public:
  Transformer(const spec::RunSpec& run, const ParameterSet& parameters, at::ScalarType compute_type,
              StepContext& context, Backend& backend);

  // Forward and backward of one micro-batch: (B, T) inputs and targets, int64. Adds the gradients
  // of scale x (sum of the targets' cross-entropies) to the masters' and returns the sum.
  LossSums ForwardBackward(const at::Tensor& inputs, const at::Tensor& targets, double scale);

  // Forward alone.
  LossSums Evaluate(const at::Tensor& inputs, const at::Tensor& targets);

  // After the masters have changed: quantizes the weights anew, once for all that follows.
  void Refresh();

  // Switches context.training, and with it the weights' operands where they round stochastically.
  void SetTraining(bool training);

  // The layers whose weight is quantized, in the model's order.
  std::vector<QuantizedWeight> quantized_weights() const;

 private:
  at::Tensor Hidden(const at::Tensor& inputs);  // (B, T) → (B T, C) in the compute type

  const RotaryTable rotary_;
  const bool checkpointing_;
  StepContext& context_;
  Embedding embedding_;
  Dropout embedding_dropout_, final_dropout_;
  NormLayer final_norm_;
  std::vector<std::unique_ptr<Block>> blocks_;
  Linear head_;
  bool stochastic_weights_ = false;
};

}  // namespace fp4::trainer
