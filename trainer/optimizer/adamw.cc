#include "trainer/optimizer/adamw.h"

namespace fp4::trainer {
namespace {

// The arguments of one fused multi-tensor update.
struct Group {
  std::vector<at::Tensor> masters, gradients, first_moments, second_moments, updates;

  void Update(const spec::OptimizerSpec& spec, double learning_rate, double weight_decay) {
    if (masters.empty()) return;
    at::_fused_adamw_(masters, gradients, first_moments, second_moments, /*max_exp_avg_sqs=*/{},
                      updates, learning_rate, spec.beta1, spec.beta2, weight_decay, spec.eps,
                      /*amsgrad=*/false,
                      /*maximize=*/false);
  }
};

std::vector<at::Tensor> Gradients(const ParameterSet& parameters) {
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.master.grad().defined()) gradients.push_back(parameter.master.grad());
  }
  return gradients;
}

}  // namespace

AdamW::AdamW(const spec::OptimizerSpec& spec, const ParameterSet& parameters)
    : spec_(spec), parameters_(parameters), states_(parameters.all().size()) {}

void AdamW::Step(double learning_rate) {
  at::NoGradGuard no_grad;
  Group decayed, plain;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Parameter& parameter = parameters_.all()[i];
    if (!parameter.master.grad().defined()) continue;
    AdamState& state = states_[i];
    if (!state.defined()) {
      state.first_moment = at::zeros_like(parameter.master).detach();
      state.second_moment = at::zeros_like(parameter.master).detach();
    }
    ++state.updates;
    bool decays = spec_.weight_decay_on == spec::DecayOn::kAll || parameter.is_matrix();
    Group& group = decays ? decayed : plain;
    group.masters.push_back(parameter.master.detach());
    group.gradients.push_back(parameter.master.grad());
    group.first_moments.push_back(state.first_moment);
    group.second_moments.push_back(state.second_moment);
    group.updates.push_back(at::scalar_tensor(static_cast<double>(state.updates),
                                              parameter.master.options().requires_grad(false)));
  }
  decayed.Update(spec_, learning_rate, spec_.weight_decay);
  plain.Update(spec_, learning_rate, 0.0);
}

void AdamW::ClearGradients() {
  for (const Parameter& parameter : parameters_.all())
    parameter.master.mutable_grad() = at::Tensor();
}

at::Tensor GradientNorm(const ParameterSet& parameters) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients = Gradients(parameters);
  if (gradients.empty()) return at::zeros({}, at::kFloat);
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
}

void ClipGradients(const ParameterSet& parameters, double norm, double limit) {
  at::NoGradGuard no_grad;
  double factor = limit / (norm + 1e-6);
  if (factor >= 1.0) return;
  std::vector<at::Tensor> gradients = Gradients(parameters);
  at::_foreach_mul_(gradients, factor);
}

}  // namespace fp4::trainer
