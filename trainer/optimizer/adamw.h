// AdamW (Loshchilov & Hutter, arXiv 1711.05101), with the arithmetic of torch.optim.AdamW:
// decoupled decay p *= 1 - lr wd; m, v the moving averages; p -= lr / (1 - b1^t) m / (sqrt(v / (1 -
// b2^t)) + eps), t counted per tensor.
#pragma once

#include <vector>

#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {

// A tensor's moments; undefined until its first gradient.
struct AdamState {
  at::Tensor first_moment, second_moment;  // fp32, of the tensor's shape
  int64_t updates = 0;                     // t
  bool defined() const { return first_moment.defined(); }
};

// State in checkpoints: optimizer.exp_avg, optimizer.exp_avg_sq (fp32, the parameter's shape),
// optimizer.step (a count).
class AdamW : public Optimizer {
 public:
  AdamW(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters);

  void Step(const UpdateRate& rate) override;
  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

  // By the order of the parameters.
  const std::vector<AdamState>& states() const { return states_; }

 private:
  const spec::OptimizerSpec spec_;
  std::vector<AdamState> states_;
};

}  // namespace fp4::trainer
