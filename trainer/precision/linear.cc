#include "trainer/precision/linear.h"

#include <utility>

#include "absl/strings/str_cat.h"

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
    context->save_for_backward({x});
    return layer->Fprop(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* layer = reinterpret_cast<Linear*>(context->saved_data["layer"].toInt());
    at::Tensor x = context->get_saved_variables()[0], dx, dw;
    if (context->needs_input_grad(0)) dx = layer->Dgrad(gradients[0]);
    if (layer->trains_weight()) dw = layer->Wgrad(gradients[0], x);
    return {dx, dw, at::Tensor()};
  }
};

bool SameWeight(const spec::LayerPrecision& precision) {
  const spec::GemmPrecision& dgrad = precision.gemm(spec::Gemm::kDgrad);
  return dgrad.b == precision.weight() && !dgrad.a.quantized();
}

}  // namespace

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
      same_weight_in_dgrad_(SameWeight(precision)) {}

void Linear::RefreshWeight(std::vector<QuantizeJob>& jobs) {
  context_.layer = name_;
  const at::Tensor values = master_.detach();
  RefreshOperand(fprop_b_, values, fprop_weight_, jobs);
  if (same_weight_in_dgrad_) {
    dgrad_weight_ = fprop_weight_;
  } else if (dgrad_b_.quantized()) {
    // dgrad contracts over `out`: blocks run along W^T's rows.
    RefreshOperand(dgrad_b_, values.t(), dgrad_weight_t_, jobs);
    dgrad_weight_ = dgrad_weight_t_.t();
  } else {
    RefreshOperand(dgrad_b_, values, dgrad_weight_, jobs);
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

at::Tensor Linear::Forward(const at::Tensor& x) {
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape.back() = master_.size(0);
  at::Tensor rows = x.reshape({-1, x.size(-1)});
  const at::Tensor target = trains_weight() ? master_ : master_.detach();
  return LinearFunction::apply(rows, target, this).view(shape);
}

at::Tensor Linear::Fprop(const at::Tensor& x) {
  context_.layer = name_;
  return at::mm(fprop_a_.Apply(x), fprop_weight_.t());
}

at::Tensor Linear::Dgrad(const at::Tensor& dy) {
  context_.layer = name_;
  return at::mm(dgrad_a_.Apply(dy), dgrad_weight_);
}

at::Tensor Linear::Wgrad(const at::Tensor& dy, const at::Tensor& x) {
  context_.layer = name_;
  auto operand = [](const OperandQuantizer& quantizer, const at::Tensor& values) {
    return quantizer.quantized() ? quantizer.Apply(values.t()) : quantizer.Apply(values).t();
  };
  // dW^T's operands contract over tokens: blocks run along them.
  at::Tensor dy_t = operand(wgrad_a_, dy);  // (out, tokens)
  at::Tensor x_t = operand(wgrad_b_, x);    // (in, tokens)
  return at::mm(dy_t, x_t.t()).to(at::kFloat);
}

}  // namespace fp4::trainer
