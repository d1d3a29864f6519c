#include "trainer/precision/linear.h"

#include <utility>

#include "spec/gemm_shapes.h"

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  // `master` only tells autograd where the gradient goes. The address of the layer travels as a
  // number: what autograd keeps for backward is tensors and numbers, and the layer outlives the
  // graph.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*master*/, Linear* layer) {
    context->saved_data["layer"] = reinterpret_cast<int64_t>(layer);
    const at::Tensor input = layer->Input(x);
    context->save_for_backward({layer->Kept(x, input)});
    return layer->Fprop(input);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* layer = reinterpret_cast<Linear*>(context->saved_data["layer"].toInt());
    at::Tensor kept = context->get_saved_variables()[0], dx, dw;
    if (context->needs_input_grad(0)) dx = layer->Dgrad(gradients[0]);
    if (layer->trains_weight()) dw = layer->Wgrad(gradients[0], kept);
    return {dx, dw, at::Tensor()};
  }
};

// An operand of a GEMM that contracts over the rows of `values`: blocks run along them.
at::Tensor AlongRows(const OperandQuantizer& quantizer, const at::Tensor& values) {
  return quantizer.quantized() ? quantizer.Apply(values.t()).t() : quantizer.Apply(values);
}

}  // namespace

Linear::SecondOperand Linear::SourceOf(const spec::GemmPrecision& gemm,
                                       const spec::OperandPrecision& in_fprop) {
  if (gemm.b_as_in_fprop && gemm.b == in_fprop) return SecondOperand::kAsInFprop;
  return gemm.b_from_forward ? SecondOperand::kFromForward : SecondOperand::kOwn;
}

Linear::Linear(const spec::LayerPrecision& precision, at::Tensor master,
               at::ScalarType compute_type, StepContext& context, Backend& backend)
    : name_(precision.layer),
      estimator_(precision.estimator),
      master_(std::move(master)),
      compute_type_(compute_type),
      context_(context),
      fprop_a_(precision.gemm(spec::Gemm::kFprop).a, name_ + "/fprop", "a", compute_type, context,
               backend),
      fprop_b_(precision.gemm(spec::Gemm::kFprop).b, name_ + "/fprop", "b", compute_type, context,
               backend),
      dgrad_a_(precision.gemm(spec::Gemm::kDgrad).a, name_ + "/dgrad", "a", compute_type, context,
               backend),
      dgrad_b_(precision.gemm(spec::Gemm::kDgrad).b, name_ + "/dgrad", "b", compute_type, context,
               backend),
      wgrad_a_(precision.gemm(spec::Gemm::kWgrad).a, name_ + "/wgrad", "a", compute_type, context,
               backend),
      wgrad_b_(precision.gemm(spec::Gemm::kWgrad).b, name_ + "/wgrad", "b", compute_type, context,
               backend),
      dgrad_weight_source_(SourceOf(precision.gemm(spec::Gemm::kDgrad), precision.weight())),
      wgrad_input_(
          SourceOf(precision.gemm(spec::Gemm::kWgrad), precision.gemm(spec::Gemm::kFprop).a)),
      dgrad_blocks_as_in_fprop_(precision.gemm(spec::Gemm::kDgrad).b_as_in_fprop),
      wgrad_blocks_as_in_fprop_(precision.gemm(spec::Gemm::kWgrad).b_as_in_fprop),
      takes_rows_whole_(spec::QuantizesRows(precision)) {}

void Linear::RefreshWeight(std::vector<QuantizeJob>& jobs) {
  context_.layer = name_;
  const at::Tensor values = master_.detach();
  rotated_for_batch_ = -1;
  if (!fprop_b_.changes_each_micro_batch()) RefreshOperand(fprop_b_, values, fprop_weight_, jobs);
  const bool kept = dgrad_weight_source_ == SecondOperand::kOwn && dgrad_b_.quantized() &&
                    !dgrad_b_.changes_each_micro_batch();
  if (kept) {
    RefreshOperand(dgrad_b_, dgrad_blocks_as_in_fprop_ ? values : values.t(), dgrad_weight_t_,
                   jobs);
  }
}

void Linear::RefreshOperand(const OperandQuantizer& quantizer, const at::Tensor& values,
                            at::Tensor& operand, std::vector<QuantizeJob>& jobs) const {
  if (!quantizer.quantized() && values.scalar_type() == compute_type_) {
    operand = values;  // the master itself, so that a plain layer keeps no copy
    return;
  }
  if (!operand.defined()) {
    operand = at::empty(values.sizes(), values.options().dtype(compute_type_));
  }
  if (quantizer.quantized()) {
    jobs.push_back(quantizer.Job(values, operand));
  } else {
    operand.copy_(values);
  }
}

const at::Tensor& Linear::FpropWeight() {
  if (fprop_b_.changes_each_micro_batch() && rotated_for_batch_ != context_.micro_batch) {
    fprop_weight_ = fprop_b_.Apply(master_.detach());
    rotated_for_batch_ = context_.micro_batch;
  }
  return fprop_weight_;
}

at::Tensor Linear::DgradWeight() {
  if (dgrad_weight_source_ == SecondOperand::kAsInFprop) return FpropWeight();
  if (dgrad_weight_source_ == SecondOperand::kFromForward)
    return AlongRows(dgrad_b_, FpropWeight());
  const at::Tensor values = master_.detach();
  if (!dgrad_b_.quantized()) return fprop_b_.quantized() ? dgrad_b_.Apply(values) : FpropWeight();
  if (!dgrad_b_.changes_each_micro_batch())
    return dgrad_blocks_as_in_fprop_ ? dgrad_weight_t_ : dgrad_weight_t_.t();
  return dgrad_blocks_as_in_fprop_ ? dgrad_b_.Apply(values) : AlongRows(dgrad_b_, values);
}

at::Tensor Linear::Forward(const at::Tensor& x) {
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape.back() = master_.size(0);
  at::Tensor rows = x.reshape({-1, x.size(-1)});
  const at::Tensor target = trains_weight() ? master_ : master_.detach();
  return LinearFunction::apply(rows, target, this).view(shape);
}

at::Tensor Linear::Input(const at::Tensor& x) {
  context_.layer = name_;
  return fprop_a_.Apply(x);
}

at::Tensor Linear::Fprop(const at::Tensor& input) {
  context_.layer = name_;
  return at::mm(input, FpropWeight().t());
}

at::Tensor Linear::Dgrad(const at::Tensor& dy) {
  context_.layer = name_;
  return at::mm(dgrad_a_.Apply(dy), DgradWeight());
}

at::Tensor Linear::Wgrad(const at::Tensor& dy, const at::Tensor& kept) {
  context_.layer = name_;
  at::Tensor x = kept;
  if (wgrad_input_ != SecondOperand::kAsInFprop)
    x = wgrad_blocks_as_in_fprop_ ? wgrad_b_.Apply(kept) : AlongRows(wgrad_b_, kept);
  return at::mm(AlongRows(wgrad_a_, dy).t(), x).to(at::kFloat);
}

}  // namespace fp4::trainer
