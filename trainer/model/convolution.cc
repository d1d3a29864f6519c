#include "trainer/model/convolution.h"

#include <bit>

#include "trainer/model/patches.h"

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class ConvolutionFunction : public torch::autograd::Function<ConvolutionFunction> {
 public:
  // `master` only tells autograd where the gradient goes.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*master*/, Convolution* layer) {
    context->saved_data["layer"] = std::bit_cast<int64_t>(layer);
    context->save_for_backward({x});
    Linear& linear = layer->linear();
    const at::Tensor y = linear.Fprop(linear.Input(Unfold(x, layer->kernel())));
    return y.view({x.size(0), x.size(1), x.size(2), -1});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* layer = std::bit_cast<Convolution*>(context->saved_data["layer"].toInt());
    Linear& linear = layer->linear();
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor dy = gradients[0].reshape({-1, gradients[0].size(3)});
    at::Tensor dx, dw;
    linear.ShowGradient(dy);
    if (context->needs_input_grad(0)) dx = Fold(linear.Dgrad(dy), x.sizes(), layer->kernel());
    if (linear.trains_weight()) dw = linear.Wgrad(dy, linear.KeptAgain(Unfold(x, layer->kernel())));
    return {dx, dw, at::Tensor()};
  }
};

}  // namespace

at::Tensor Convolution::Forward(const at::Tensor& x) {
  const at::Tensor& master = linear_->master();
  return ConvolutionFunction::apply(x, linear_->trains_weight() ? master : master.detach(), this);
}

}  // namespace fp4::trainer
