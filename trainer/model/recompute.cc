#include "trainer/model/recompute.h"

#include <bit>

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A graph of one node, whose backward records the part's graph anew from x and runs it. The
// parameters' gradients arrive there; `anchor` only makes autograd call it where x itself needs no
// gradient.
class RecomputedFunction : public torch::autograd::Function<RecomputedFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*anchor*/, Recomputable* part) {
    context->saved_data["part"] = std::bit_cast<int64_t>(part);
    context->save_for_backward({x});
    return part->Compute(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* part = std::bit_cast<Recomputable*>(context->saved_data["part"].toInt());
    at::Tensor x =
        context->get_saved_variables()[0].detach().requires_grad_(context->needs_input_grad(0));
    at::Tensor y;
    {
      at::AutoGradMode record(true);
      y = part->Compute(x);
    }
    if (y.requires_grad()) torch::autograd::backward({y}, {gradients[0]});
    return {x.grad(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor ComputeRecomputed(Recomputable& part, const at::Tensor& x) {
  if (!at::GradMode::is_enabled()) return part.Compute(x);
  return RecomputedFunction::apply(x, at::zeros({}, at::kFloat).requires_grad_(true), &part);
}

}  // namespace fp4::trainer
