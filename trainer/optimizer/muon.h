// Muon (Keller Jordan, github.com/KellerJordan/Muon): momentum whose update is made orthogonal.
//   B = b B + (1 - b) G;  U = (1 - b) G + b B;  W = (1 - lr wd) W - lr s O(U)
// s = sqrt(max(1, rows / columns)) (keller) or 0.2 sqrt(max(rows, columns)) (moonlight, Liu et al.,
// arXiv 2502.16982). A tensor is the matrix (out, rest); one that stacks several, as q, k and v, is
// split into them before O, and s is that of the part.
#pragma once

#include <vector>

#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {

// O(U): about the nearest matrix with orthonormal rows or columns, singular values 0.7 … 1.2, by
// Newton and Schulz's iteration with Jordan's coefficients. Computes in `type`; fp32 comes back.
at::Tensor Orthogonalize(const at::Tensor& update, int64_t iterations, at::ScalarType type);

// State in checkpoints: optimizer.momentum (fp32, the parameter's shape), whatever
// optimizer.states says of AdamW's moments.
class Muon : public Optimizer {
 public:
  Muon(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters);

  void Step(const UpdateRate& rate) override;
  MetricValues Metrics(const UpdateRate& rate) const override;
  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;
  std::vector<at::Tensor> StateTensors() const override { return momenta_; }

 private:
  // U of one tensor, as a matrix; moves its momentum on.
  at::Tensor Update(const Parameter& parameter, at::Tensor& momentum) const;

  const spec::MuonSpec spec_;
  std::vector<at::Tensor> momenta_;  // by the order of the parameters; undefined before a gradient
};

}  // namespace fp4::trainer
