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
// The gradient passes to the master straight through the weight's quantizer, by an estimator, or
// not at all.
//
// The weight's operands are made once per optimizer step, by RefreshWeight, and shared by all
// micro-batches, but for those that are rotated: their signs are drawn anew for each micro-batch,
// for both factors of the GEMM alike. Operands enter the GEMMs in the compute type; dW comes back
// in fp32.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/precision/estimator.h"
#include "trainer/precision/kept_weight.h"
#include "trainer/precision/layer.h"
#include "trainer/precision/layer_observer.h"
#include "trainer/precision/operands.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Not thread-safe. Outlives every graph that Forward has recorded.
class Linear : public QuantizedLayer {
 public:
  // What a row of the table asks for of a weight's estimator; null: none but straight-through is
  // known.
  using EstimatorFactory =
      std::function<std::unique_ptr<WeightEstimator>(const spec::LayerPrecision&)>;

  // `context` is moved on by the caller and outlives the layer. The weight's operands are not there
  // before the first RefreshWeight.
  Linear(const spec::LayerPrecision& precision, at::Tensor master, at::ScalarType compute_type,
         StepContext& context, Backend& backend, EstimatorFactory make_estimator = nullptr);
  Linear(const Linear&) = delete;
  Linear& operator=(const Linear&) = delete;

  void Use(const spec::LayerPrecision& precision) override;
  void RefreshWeight(std::vector<QuantizeJob>& jobs) override;
  void FinishGradient() override;

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

  // To be called where backward begins: shows the gradient that has arrived to who looks.
  void ShowGradient(const at::Tensor& dy) const;

  // What backward needs of X and of Input(X): one of the two.
  const at::Tensor& Kept(const at::Tensor& x, const at::Tensor& input) const {
    return operands_.wgrad_input == LinearOperands::Second::kOwn ? x : input;
  }
  // The same in backward, where x was made again and Input(x) was not kept: equal to the bit.
  at::Tensor KeptAgain(const at::Tensor& x) {
    return operands_.wgrad_input == LinearOperands::Second::kOwn ? x : Input(x);
  }

  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  at::Tensor weight() const override { return fprop_weight_.Get(); }
  bool weight_quantized() const override { return operands_.fprop_b.quantized(); }
  const OperandQuantizer* weight_quantizer() const override {
    return weight_quantized() && !made_by_estimator_ ? &operands_.fprop_b : nullptr;
  }
  std::vector<at::Tensor> KeptWeights() const override {
    return {fprop_weight_.decoded(), dgrad_weight_.decoded()};
  }
  int64_t packed_weight_bytes() const override {
    return fprop_weight_.packed_bytes() + dgrad_weight_.packed_bytes();
  }
  bool weight_stochastic() const override {
    return operands_.fprop_b.stochastic() || operands_.dgrad_b.stochastic() ||
           estimator_ != nullptr;
  }
  bool trains_weight() const { return trains_weight_; }
  bool takes_rows_whole() const { return operands_.takes_rows_whole; }

 private:
  bool EstimatorMakesWeight(const at::Tensor& values);
  // An operand of a GEMM that contracts over the columns of `values`, and one that contracts over
  // their rows, which blocks then run along. Shown to who looks.
  at::Tensor Operand(const OperandQuantizer& quantizer, LayerTensor which,
                     const at::Tensor& values) const;
  at::Tensor OperandAlongRows(const OperandQuantizer& quantizer, LayerTensor which,
                              const at::Tensor& values) const;
  void Show(LayerTensor which, const at::Tensor& values) const;
  // W in fprop at this micro-batch.
  at::Tensor FpropWeight();
  at::Tensor DgradWeight();

  const std::string name_;
  const at::Tensor master_;
  const at::ScalarType compute_type_;
  StepContext& context_;
  Backend& backend_;
  const EstimatorFactory make_estimator_;
  bool trains_weight_;
  std::unique_ptr<WeightEstimator> estimator_;  // null: straight-through, or no gradient at all
  bool made_by_estimator_ = false;              // weight(), the last time
  LinearOperands operands_;
  KeptWeight fprop_weight_;         // (out, in)
  int64_t rotated_for_batch_ = -1;  // the micro-batch whose signs fprop_weight_ has, if rotated
  // Where dgrad has a weight of its own that is kept: as its quantizer saw it, (in, out), or (out,
  // in) with the blocks of fprop.
  KeptWeight dgrad_weight_;
};

}  // namespace fp4::trainer
