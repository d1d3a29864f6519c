// A linear layer whose three GEMMs take quantized operands:
//   fprop  Y  = X W^T     (tokens, out)
//   dgrad  dX = dY W      (tokens, in)
//   wgrad  dW = dY^T X    (out, in)
// X (tokens, in), W (out, in). Each operand of each GEMM is made by the layer's precision, blocks
// along the contraction dimension of that GEMM. The gradient passes to the master straight through
// the weight's quantizer, or not at all.
//
// The weight's operands are made once per optimizer step, by RefreshWeight, and shared by all
// micro-batches; where fprop and dgrad ask for the same and dY is not quantized (a weight-only
// recipe), by both GEMMs: dgrad is then the exact derivative of what fprop computed. Weights and
// activations enter the GEMMs in the compute type; dW comes back in fp32.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/precision/layer.h"
#include "trainer/precision/operand.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Not thread-safe. Outlives every graph that Forward has recorded.
class Linear : public QuantizedLayer {
 public:
  // `context` is moved on by the caller and outlives the layer. The weight's operands are not there
  // before the first RefreshWeight.
  Linear(const spec::LayerPrecision& precision, at::Tensor master, at::ScalarType compute_type,
         StepContext& context, Backend& backend);
  Linear(const Linear&) = delete;
  Linear& operator=(const Linear&) = delete;

  void RefreshWeight(std::vector<QuantizeJob>& jobs) override;

  // y (…, out) of x (…, in), recorded for autograd. No gradient reaches the master with estimator
  // kNone.
  at::Tensor Forward(const at::Tensor& x);

  // The GEMMs themselves, on matrices, not recorded.
  at::Tensor Fprop(const at::Tensor& x);
  at::Tensor Dgrad(const at::Tensor& dy);
  at::Tensor Wgrad(const at::Tensor& dy, const at::Tensor& x);

  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  const at::Tensor& weight() const override { return fprop_weight_; }
  bool weight_quantized() const override { return fprop_b_.quantized(); }
  bool weight_stochastic() const override { return fprop_b_.stochastic() || dgrad_b_.stochastic(); }
  bool trains_weight() const { return estimator_ == spec::Estimator::kStraightThrough; }

 private:
  // `operand`: what the GEMM sees of `values`; a job makes it where it is quantized.
  void RefreshOperand(const OperandQuantizer& quantizer, const at::Tensor& values,
                      at::Tensor& operand, std::vector<QuantizeJob>& jobs) const;

  const std::string name_;
  const spec::Estimator estimator_;
  const at::Tensor master_;
  const at::ScalarType compute_type_;
  StepContext& context_;
  const OperandQuantizer fprop_a_, fprop_b_, dgrad_a_, dgrad_b_, wgrad_a_, wgrad_b_;
  const bool same_weight_in_dgrad_;
  at::Tensor fprop_weight_;    // (out, in)
  at::Tensor dgrad_weight_t_;  // (in, out), where dgrad has a quantized weight of its own
  at::Tensor dgrad_weight_;    // (out, in)
};

}  // namespace fp4::trainer
