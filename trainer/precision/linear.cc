#include "trainer/precision/linear.h"

#include <ATen/record_function.h>

#include <bit>
#include <utility>

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Second = LinearOperands::Second;

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  // `master` only tells autograd where the gradient goes. The address of the layer travels as a
  // number: what autograd keeps for backward is tensors and numbers, and the layer outlives the
  // graph.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*master*/, Linear* layer) {
    context->saved_data["layer"] = std::bit_cast<int64_t>(layer);
    const at::Tensor input = layer->Input(x);
    context->save_for_backward({layer->Kept(x, input)});
    return layer->Fprop(input);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* layer = std::bit_cast<Linear*>(context->saved_data["layer"].toInt());
    at::Tensor kept = context->get_saved_variables()[0], dx, dw;
    layer->ShowGradient(gradients[0]);
    if (context->needs_input_grad(0)) dx = layer->Dgrad(gradients[0]);
    if (layer->trains_weight()) dw = layer->Wgrad(gradients[0], kept);
    return {dx, dw, at::Tensor()};
  }
};

// The weight as an operand of a GEMM that contracts over its rows: blocks run along them.
at::Tensor AlongRows(const OperandQuantizer& quantizer, const at::Tensor& values) {
  return quantizer.quantized() ? quantizer.Apply(values.t()).t() : quantizer.Apply(values);
}

}  // namespace

Linear::Linear(const spec::LayerPrecision& precision, at::Tensor master,
               at::ScalarType compute_type, StepContext& context, Backend& backend,
               EstimatorFactory make_estimator)
    : name_(precision.layer),
      master_(std::move(master)),
      compute_type_(compute_type),
      context_(context),
      backend_(backend),
      make_estimator_(std::move(make_estimator)),
      trains_weight_(precision.estimator != spec::Estimator::kNone),
      estimator_(make_estimator_ ? make_estimator_(precision) : nullptr),
      operands_(precision, compute_type, context, backend),
      fprop_weight_(compute_type, precision.packed, backend),
      dgrad_weight_(compute_type, precision.packed, backend) {}

void Linear::Use(const spec::LayerPrecision& precision) {
  trains_weight_ = precision.estimator != spec::Estimator::kNone;
  estimator_ = make_estimator_ ? make_estimator_(precision) : nullptr;
  operands_ = LinearOperands(precision, compute_type_, context_, backend_);
  // The master itself may stand here, which no job may write to.
  fprop_weight_ = dgrad_weight_ = KeptWeight(compute_type_, precision.packed, backend_);
}

void Linear::RefreshWeight(std::vector<QuantizeJob>& jobs) {
  context_.layer = name_;
  const at::Tensor values = master_.detach();
  rotated_for_batch_ = -1;
  made_by_estimator_ = estimator_ != nullptr && EstimatorMakesWeight(values);
  if (made_by_estimator_) return;
  if (!operands_.fprop_b.changes_each_micro_batch())
    fprop_weight_.Refresh(operands_.fprop_b, values, jobs);
  const bool kept = operands_.dgrad_weight == Second::kOwn && operands_.dgrad_b.quantized() &&
                    !operands_.dgrad_b.changes_each_micro_batch();
  if (kept) {
    dgrad_weight_.Refresh(operands_.dgrad_b,
                          operands_.dgrad_blocks_as_in_fprop ? values : values.t(), jobs);
  }
}

bool Linear::EstimatorMakesWeight(const at::Tensor& values) {
  return estimator_->MakeWeight(values, fprop_weight_.Buffer(values));
}

void Linear::FinishGradient() {
  at::NoGradGuard no_grad;
  if (estimator_ == nullptr || !master_.grad().defined()) return;
  context_.layer = name_;
  estimator_->FinishGradient(master_.detach(), master_.mutable_grad());
}

at::Tensor Linear::FpropWeight() {
  if (operands_.fprop_b.changes_each_micro_batch() && rotated_for_batch_ != context_.micro_batch) {
    fprop_weight_.Set(operands_.fprop_b.Apply(master_.detach()));
    rotated_for_batch_ = context_.micro_batch;
  }
  return fprop_weight_.Get();
}

at::Tensor Linear::DgradWeight() {
  if (operands_.dgrad_weight == Second::kAsInFprop) return FpropWeight();
  if (operands_.dgrad_weight == Second::kFromForward)
    return AlongRows(operands_.dgrad_b, FpropWeight());
  const at::Tensor values = master_.detach();
  if (!operands_.dgrad_b.quantized())
    return operands_.fprop_b.quantized() ? operands_.dgrad_b.Apply(values) : FpropWeight();
  if (!operands_.dgrad_b.changes_each_micro_batch())
    return operands_.dgrad_blocks_as_in_fprop ? dgrad_weight_.Get() : dgrad_weight_.Get().t();
  return operands_.dgrad_blocks_as_in_fprop ? operands_.dgrad_b.Apply(values)
                                            : AlongRows(operands_.dgrad_b, values);
}

at::Tensor Linear::Forward(const at::Tensor& x) {
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape.back() = master_.size(0);
  at::Tensor rows = x.reshape({-1, x.size(-1)});
  const at::Tensor target = trains_weight() ? master_ : master_.detach();
  return LinearFunction::apply(rows, target, this).view(shape);
}

at::Tensor Linear::Operand(const OperandQuantizer& quantizer, LayerTensor which,
                           const at::Tensor& values) const {
  at::Tensor operand = quantizer.Apply(values);
  if (context_.observer != nullptr)
    context_.observer->SawOperand(name_, which, quantizer, values, operand);
  return operand;
}

at::Tensor Linear::OperandAlongRows(const OperandQuantizer& quantizer, LayerTensor which,
                                    const at::Tensor& values) const {
  return quantizer.quantized() ? Operand(quantizer, which, values.t()).t()
                               : Operand(quantizer, which, values);
}

void Linear::Show(LayerTensor which, const at::Tensor& values) const {
  if (context_.observer != nullptr) context_.observer->Saw(name_, which, values);
}

void Linear::ShowGradient(const at::Tensor& dy) const {
  if (context_.observer != nullptr) context_.observer->SawGradient(name_, dy);
}

at::Tensor Linear::Input(const at::Tensor& x) {
  context_.layer = name_;
  return Operand(operands_.fprop_a, LayerTensor::kInput, x);
}

at::Tensor Linear::Fprop(const at::Tensor& input) {
  RECORD_USER_SCOPE("fprop " + name_);
  context_.layer = name_;
  const at::Tensor& weight = FpropWeight();
  Show(LayerTensor::kWeight, weight);
  at::Tensor y = at::mm(input, weight.t());
  Show(LayerTensor::kOutput, y);
  return y;
}

at::Tensor Linear::Dgrad(const at::Tensor& dy) {
  RECORD_USER_SCOPE("dgrad " + name_);
  context_.layer = name_;
  at::Tensor dx =
      at::mm(Operand(operands_.dgrad_a, LayerTensor::kOutputGradient, dy), DgradWeight());
  Show(LayerTensor::kInputGradient, dx);
  return dx;
}

at::Tensor Linear::Wgrad(const at::Tensor& dy, const at::Tensor& kept) {
  RECORD_USER_SCOPE("wgrad " + name_);
  context_.layer = name_;
  at::Tensor x = kept;
  if (operands_.wgrad_input != Second::kAsInFprop)
    x = operands_.wgrad_blocks_as_in_fprop
            ? Operand(operands_.wgrad_b, LayerTensor::kInput, kept)
            : OperandAlongRows(operands_.wgrad_b, LayerTensor::kInput, kept);
  at::Tensor dw =
      at::mm(OperandAlongRows(operands_.wgrad_a, LayerTensor::kOutputGradient, dy).t(), x)
          .to(at::kFloat);
  Show(LayerTensor::kWeightGradient, dw);
  return dw;
}

}  // namespace fp4::trainer
