#pragma once

#include "trainer/precision/estimator.h"
#include "trainer/precision/grid.h"

namespace fp4::trainer {

// One scale s for the layer's weight, trained with it. Q is the grid's largest number, q rounds to
// the grid, g = 1 / sqrt(N Q) of N weights; the master's gradient passes where |W| <= Q s, else it
// is 0.
//   lsq    (Esser et al., arXiv 1902.08153) the weight is s q(clamp(W / s)); ds gathers, times g,
//          dL/dW (q(u) - u) inside and ±Q dL/dW beyond
//   noise  while it trains, the weight is clamp(W, ±Q s) + s width(W / s) xi / 2, xi uniform in
//          (-1, 1) and new for each update, the width that of the grid's cell: noise of rounding's
//          own variance. ds gathers, times g, dL/dW width xi / 2 inside and ±Q dL/dW beyond. In
//          evaluation it is lsq's weight
class LearnedScaleEstimator : public WeightEstimator {
 public:
  explicit LearnedScaleEstimator(const EstimatorParts& parts);

  bool MakeWeight(const at::Tensor& master, at::Tensor& weight) override;
  void FinishGradient(const at::Tensor& master, at::Tensor& gradient) override;

 private:
  at::Tensor Noise(const at::Tensor& like) const;  // xi of this update

  const bool noise_;
  const ElementGrid grid_;
  const at::Tensor scale_;  // (1), a parameter
  const StepContext& context_;
  const uint64_t key_;
  int64_t noise_of_ = 0;  // the micro-batch by which the weight's noise was drawn
};

}  // namespace fp4::trainer
