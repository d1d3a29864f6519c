#pragma once

#include "trainer/precision/estimator.h"

namespace fp4::trainer {

// QuEST (Panferov et al., arXiv 2502.05003) for weights: rows are rotated by a Hadamard transform
// without signs, clipped where that is best for a Gaussian, and rounded; the gradient passes, in
// the rotated space, only where rounding has moved a value by no more than half a step (the trust
// mask), and is rotated back.
//   int4, int8 of b bits   groups of 128; alpha = c RMS(row) + 1e-8, step = 2 alpha / (2^b - 1), q
//   =
//                          (round(clamp(x, ±alpha) / step + 1/2) - 1/2) step; trusted where |q - x|
//                          <= step / 2
//   mxfp4                  groups of 32, a scale each: 2^floor(log2(2.92247856 / 6 std + 1e-8)),
//   E2M1
//                          by ties to even; trusted where |x / scale| < 6
class QuestEstimator : public WeightEstimator {
 public:
  explicit QuestEstimator(const EstimatorParts& parts);

  bool MakeWeight(const at::Tensor& master, at::Tensor& weight) override;
  void FinishGradient(const at::Tensor& master, at::Tensor& gradient) override;

 private:
  struct Rounded {
    at::Tensor values;  // in the rotated space
    at::Tensor trusted;
  };
  Rounded Round(const at::Tensor& rotated) const;

  const bool integer_;
  const int bits_;
  const int64_t group_;
};

}  // namespace fp4::trainer
