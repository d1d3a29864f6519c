// A linear layer whose three GEMMs take quantized operands:
//   fprop  Y  = X W^T     (rows, out)
//   dgrad  dX = dY W      (rows, in)
//   wgrad  dW = dY^T X    (out, in)
// X (rows, in), W (out, in). Each operand of each GEMM is made by the layer's precision. The second
// operands of dgrad and wgrad, W and X, are one of
//   as in fprop    the very values that fprop used: dgrad is then the exact derivative of what
//                  fprop computed (a weight-only recipe);
//   from forward   those values, quantized again in blocks along this GEMM's contraction dimension;
//   of their own   the high-precision tensor, quantized for this GEMM.
// The gradient passes to the master straight through the weight's quantizer, or not at all.
//
// The weight's operands are made once per optimizer step, by RefreshWeight, and shared by all
// micro-batches, but for those that are rotated: their signs are drawn anew for each micro-batch,
// for both factors of the GEMM alike. Operands enter the GEMMs in the compute type; dW comes back
// in fp32.
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

  // The parts of it, on matrices, not recorded. All rows of a micro-batch become an operand at
  // once; the GEMMs may then take some rows of it at a time.
  at::Tensor Input(const at::Tensor& x);  // what fprop takes of X
  at::Tensor Fprop(const at::Tensor& input);
  at::Tensor Dgrad(const at::Tensor& dy);
  // `kept`: X or what Input made of it, as Kept says.
  at::Tensor Wgrad(const at::Tensor& dy, const at::Tensor& kept);

  // What backward needs of X and of Input(X): one of the two.
  const at::Tensor& Kept(const at::Tensor& x, const at::Tensor& input) const {
    return wgrad_input_ == SecondOperand::kOwn ? x : input;
  }

  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  const at::Tensor& weight() const override { return fprop_weight_; }
  bool weight_quantized() const override { return fprop_b_.quantized(); }
  bool weight_stochastic() const override { return fprop_b_.stochastic() || dgrad_b_.stochastic(); }
  bool trains_weight() const { return estimator_ == spec::Estimator::kStraightThrough; }
  // Whether blocks or a tensor's scale reach over rows, so that a GEMM must be given all of them.
  bool takes_rows_whole() const { return takes_rows_whole_; }

 private:
  // Where the second operand of dgrad or wgrad comes from.
  enum class SecondOperand : uint8_t { kAsInFprop, kFromForward, kOwn };
  static SecondOperand SourceOf(const spec::GemmPrecision& gemm,
                                const spec::OperandPrecision& in_fprop);

  // `operand`: what the GEMM sees of `values`; a job makes it where it is quantized.
  void RefreshOperand(const OperandQuantizer& quantizer, const at::Tensor& values,
                      at::Tensor& operand, std::vector<QuantizeJob>& jobs) const;
  // W in fprop at this micro-batch.
  const at::Tensor& FpropWeight();
  at::Tensor DgradWeight();

  const std::string name_;
  const spec::Estimator estimator_;
  const at::Tensor master_;
  const at::ScalarType compute_type_;
  StepContext& context_;
  const OperandQuantizer fprop_a_, fprop_b_, dgrad_a_, dgrad_b_, wgrad_a_, wgrad_b_;
  const SecondOperand dgrad_weight_source_, wgrad_input_;
  const bool dgrad_blocks_as_in_fprop_, wgrad_blocks_as_in_fprop_;
  const bool takes_rows_whole_;
  at::Tensor fprop_weight_;         // (out, in)
  int64_t rotated_for_batch_ = -1;  // the micro-batch whose signs fprop_weight_ has, if rotated
  at::Tensor dgrad_weight_t_;       // (in, out), where it is kept quantized for dgrad
};

}  // namespace fp4::trainer
