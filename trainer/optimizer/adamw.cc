#include "trainer/optimizer/adamw.h"

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kFirstMoment[] = "optimizer.exp_avg.";
constexpr char kSecondMoment[] = "optimizer.exp_avg_sq.";
constexpr char kUpdates[] = "optimizer.step.";

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

}  // namespace

AdamW::AdamW(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters)
    : Optimizer(std::move(parameters)), spec_(spec), states_(this->parameters().size()) {}

void AdamW::Step(const UpdateRate& rate) {
  at::NoGradGuard no_grad;
  Group decayed, plain;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
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
  const double learning_rate = rate.Of(spec_.learning_rate);
  decayed.Update(spec_, learning_rate, spec_.weight_decay);
  plain.Update(spec_, learning_rate, 0.0);
}

void AdamW::Save(StateSnapshot& snapshot) const {
  for (size_t i = 0; i < states_.size(); ++i) {
    const std::string& name = parameters()[i].name;
    if (!states_[i].defined()) continue;
    snapshot.Add(kFirstMoment + name, states_[i].first_moment);
    snapshot.Add(kSecondMoment + name, states_[i].second_moment);
    snapshot.AddCount(kUpdates + name, states_[i].updates);
  }
}

absl::Status AdamW::Restore(const StateReader& reader) {
  for (size_t i = 0; i < states_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
    if (!reader.Has(kUpdates + parameter.name)) continue;
    AdamState& state = states_[i];
    FP4_ASSIGN_OR_RETURN(state.first_moment,
                         reader.ReadLike(kFirstMoment + parameter.name, parameter.master));
    FP4_ASSIGN_OR_RETURN(state.second_moment,
                         reader.ReadLike(kSecondMoment + parameter.name, parameter.master));
    FP4_ASSIGN_OR_RETURN(state.updates, reader.ReadCount(kUpdates + parameter.name));
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
