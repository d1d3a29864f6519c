// AdamW (Loshchilov & Hutter, arXiv 1711.05101), with the arithmetic of torch.optim.AdamW:
// decoupled decay p *= 1 - lr wd; m, v the moving averages; p -= lr / (1 - b1^t) m / (sqrt(v / (1 -
// b2^t)) + eps), t counted per tensor.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/model/parameters.h"

namespace fp4::trainer {

// A tensor's moments; undefined until its first gradient.
struct AdamState {
  at::Tensor first_moment, second_moment;  // fp32, of the tensor's shape
  int64_t updates = 0;                     // t
  bool defined() const { return first_moment.defined(); }
};

// Not thread-safe. `parameters` outlives it.
class AdamW {
 public:
  AdamW(const spec::OptimizerSpec& spec, const ParameterSet& parameters);

  // One update from the gradients of the masters; a tensor without a gradient keeps its bits: no
  // decay, no state.
  void Step(double learning_rate);

  // Forgets the gradients.
  void ClearGradients();

  // By the order of the parameters. For checkpoints.
  const std::vector<AdamState>& states() const { return states_; }
  std::vector<AdamState>& states() { return states_; }

 private:
  const spec::OptimizerSpec spec_;
  const ParameterSet& parameters_;
  std::vector<AdamState> states_;
};

// The 2-norm of all gradients together, a scalar on the device, fp32.
at::Tensor GradientNorm(const ParameterSet& parameters);

// Multiplies the gradients by min(1, limit / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_.
void ClipGradients(const ParameterSet& parameters, double norm, double limit);

}  // namespace fp4::trainer
