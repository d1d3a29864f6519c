#pragma once

#include "trainer/precision/estimator.h"

namespace fp4::trainer {

// The differentiable gradient estimator of Wang et al., arXiv 2501.17116: the gradient is
// multiplied by f' = min(cap, |t|^(1/k - 1) / k), the slope of a smooth stand-in for the rounding,
// where t in [-1, 1] is the place of the scaled value u in its cell [a, b] of the E2M1 grid, t =
// 2 (u - a) / (b - a) - 1. u is what the weight's encoder rounds, before it rounds it, within ±6.
class DifferentiableEstimator : public WeightEstimator {
 public:
  explicit DifferentiableEstimator(const EstimatorParts& parts);

  bool MakeWeight(const at::Tensor& master, at::Tensor& weight) override;
  void FinishGradient(const at::Tensor& master, at::Tensor& gradient) override;

 private:
  const spec::OperandPrecision weight_;
  const double power_, cap_;
};

// f' of scaled values u, fp32.
at::Tensor DifferentiableSlope(const at::Tensor& u, double power, double cap);

}  // namespace fp4::trainer
