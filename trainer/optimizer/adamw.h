// AdamW (Loshchilov & Hutter, arXiv 1711.05101), with the arithmetic of torch.optim.AdamW:
// decoupled decay p *= 1 - lr wd; m, v the moving averages; p -= lr / (1 - b1^t) m / (sqrt(v / (1 -
// b2^t)) + eps), t counted per tensor.
// Where moments, masters or gradients are kept in fewer bits, adamw_kernel.h is what runs on CPUs
// and adamw_tensors.h elsewhere.
#pragma once

#include <vector>

#include "trainer/optimizer/adamw_kernel.h"
#include "trainer/optimizer/moments.h"
#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {

// A tensor's moments; undefined until its first gradient.
struct AdamState {
  StoredMoment first_moment, second_moment;
  int64_t updates = 0;  // t
  bool defined() const { return first_moment.defined(); }
};

// State in checkpoints: optimizer.exp_avg, optimizer.exp_avg_sq (moments.h), optimizer.step (a
// count).
class AdamW : public Optimizer {
 public:
  AdamW(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters);

  void Step(const UpdateRate& rate) override;
  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;
  std::vector<at::Tensor> StateTensors() const override;

  // By the order of the parameters. What each keeps its moments in is spec::StatesOf.
  const std::vector<AdamState>& states() const { return states_; }

 private:
  double WeightDecayOf(const Parameter& parameter) const;
  void UpdateAlone(const Parameter& parameter, const AdamWFactors& factors, uint64_t update,
                   AdamState& state) const;

  const spec::OptimizerSpec spec_;
  std::vector<AdamState> states_;
};

}  // namespace fp4::trainer
