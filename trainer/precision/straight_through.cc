#include "trainer/precision/straight_through.h"

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class RoundingFunction : public torch::autograd::Function<RoundingFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const OperandQuantizer* quantizer) {
    context->saved_data["type"] = static_cast<int64_t>(x.scalar_type());
    const at::Tensor rows = x.reshape({-1, x.size(-1)});
    return quantizer->Apply(rows).view(x.sizes());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    return {gradients[0].to(type), at::Tensor()};
  }
};

}  // namespace

at::Tensor RoundStraightThrough(const OperandQuantizer& quantizer, const at::Tensor& x) {
  if (!quantizer.quantized()) return quantizer.Apply(x);
  return RoundingFunction::apply(x, &quantizer);
}

}  // namespace fp4::trainer
