#pragma once

#include "trainer/torch.h"

namespace fp4::trainer {

// A part of a model whose inner results can be thrown away after the forward pass and computed
// again in backward (activation checkpointing, Chen et al., arXiv 1604.06174).
class Recomputable {
 public:
  virtual ~Recomputable() = default;

  // Recorded for autograd. A second call with the same x and StepContext gives the same bits.
  virtual at::Tensor Compute(const at::Tensor& x) = 0;
};

// part.Compute(x), of which autograd keeps x alone. Without recording it is Compute itself.
// `part` outlives the graph.
at::Tensor ComputeRecomputed(Recomputable& part, const at::Tensor& x);

}  // namespace fp4::trainer
