#include "trainer/optimizer/adamw.h"

#include "base/status_macros.h"
#include "spec/optimizer_tensors.h"
#include "trainer/optimizer/adamw_tensors.h"
#include "trainer/parallel_for.h"

namespace fp4::trainer {
namespace {

constexpr char kFirstMoment[] = "exp_avg";
constexpr char kSecondMoment[] = "exp_avg_sq";
constexpr char kUpdates[] = "optimizer.step.";

// The arguments of one fused multi-tensor update.
struct Group {
  std::vector<at::Tensor> masters, gradients, first_moments, second_moments, updates;

  void Add(const Parameter& parameter, const AdamState& state) {
    masters.push_back(parameter.master.detach());
    gradients.push_back(parameter.master.grad());
    first_moments.push_back(state.first_moment.values);
    second_moments.push_back(state.second_moment.values);
    updates.push_back(at::scalar_tensor(static_cast<double>(state.updates),
                                        parameter.master.options().requires_grad(false)));
  }

  void Update(const spec::OptimizerSpec& spec, double learning_rate, double weight_decay) {
    if (masters.empty()) return;
    at::_fused_adamw_(masters, gradients, first_moments, second_moments, /*max_exp_avg_sqs=*/{},
                      updates, learning_rate, spec.beta1, spec.beta2, weight_decay, spec.eps,
                      /*amsgrad=*/false,
                      /*maximize=*/false);
  }
};

AdamState ZeroState(const spec::OptimizerSpec& spec, const Parameter& parameter) {
  const spec::OptimizerStates states = spec::StatesOf(spec, parameter);
  return {ZeroMoment(states, Moment::kFirst, parameter),
          ZeroMoment(states, Moment::kSecond, parameter)};
}

// LibTorch's fused update takes nothing but fp32.
bool IsAllFp32(const Parameter& parameter, const AdamState& state) {
  return parameter.master.scalar_type() == at::kFloat &&
         parameter.master.grad().scalar_type() == at::kFloat && state.first_moment.codec == nullptr;
}

FloatArray ArrayOf(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
  return {const_cast<void*>(tensor.const_data_ptr()),
          tensor.scalar_type() == at::kFloat ? FloatArray::Type::kFp32 : FloatArray::Type::kBf16};
}

MomentArray ArrayOf(const StoredMoment& moment) {
  return {moment.codec, moment.values.mutable_data_ptr(),
          moment.codec == nullptr ? nullptr : moment.scales.mutable_data_ptr<float>()};
}

}  // namespace

AdamW::AdamW(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters)
    : Optimizer(std::move(parameters)), spec_(spec), states_(this->parameters().size()) {}

double AdamW::WeightDecayOf(const Parameter& parameter) const {
  const bool decays = parameter.may_decay &&
                      (spec_.weight_decay_on == spec::DecayOn::kAll || parameter.is_matrix());
  return decays ? spec_.weight_decay : 0.0;
}

void AdamW::Step(const UpdateRate& rate) {
  at::NoGradGuard no_grad;
  const double learning_rate = rate.Of(spec_.learning_rate);
  Group decayed, plain;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
    if (!parameter.master.grad().defined()) continue;
    AdamState& state = states_[i];
    if (!state.defined()) state = ZeroState(spec_, parameter);
    ++state.updates;
    const double weight_decay = WeightDecayOf(parameter);
    if (IsAllFp32(parameter, state)) {
      (weight_decay > 0 ? decayed : plain).Add(parameter, state);
    } else {
      UpdateAlone(parameter, FactorsOf(spec_, learning_rate, weight_decay, state.updates),
                  static_cast<uint64_t>(rate.update()), state);
    }
  }
  decayed.Update(spec_, learning_rate, spec_.weight_decay);
  plain.Update(spec_, learning_rate, 0.0);
}

void AdamW::UpdateAlone(const Parameter& parameter, const AdamWFactors& factors, uint64_t update,
                        AdamState& state) const {
  const RoundingStream rounding{parameter.rounding_key, update};
  const at::Tensor master = parameter.master.detach();
  if (!master.is_cpu()) {
    UpdateAdamWByTensors(factors, master, parameter.master.grad(), rounding, state.first_moment,
                         state.second_moment);
    return;
  }
  const at::Tensor gradient = parameter.master.grad().contiguous();
  UpdateAdamW(factors,
              {.size = master.numel(),
               .master = ArrayOf(master),
               .gradient = ArrayOf(gradient),
               .first = ArrayOf(state.first_moment),
               .second = ArrayOf(state.second_moment),
               .rounding = rounding},
              ParallelFor);
}

void AdamW::Save(StateSnapshot& snapshot) const {
  for (size_t i = 0; i < states_.size(); ++i) {
    const std::string& name = parameters()[i].name;
    if (!states_[i].defined()) continue;
    SaveMoment(states_[i].first_moment, kFirstMoment, name, snapshot);
    SaveMoment(states_[i].second_moment, kSecondMoment, name, snapshot);
    snapshot.AddCount(kUpdates + name, states_[i].updates);
  }
}

std::vector<at::Tensor> AdamW::StateTensors() const {
  std::vector<at::Tensor> tensors;
  for (const AdamState& state : states_) {
    for (const StoredMoment* moment : {&state.first_moment, &state.second_moment}) {
      tensors.push_back(moment->values);
      tensors.push_back(moment->scales);
    }
  }
  return tensors;
}

absl::Status AdamW::Restore(const StateReader& reader) {
  for (size_t i = 0; i < states_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
    if (!reader.Has(kUpdates + parameter.name)) continue;
    AdamState state = ZeroState(spec_, parameter);
    FP4_RETURN_IF_ERROR(ReadMoment(reader, kFirstMoment, parameter.name, state.first_moment));
    FP4_RETURN_IF_ERROR(ReadMoment(reader, kSecondMoment, parameter.name, state.second_moment));
    FP4_ASSIGN_OR_RETURN(state.updates, reader.ReadCount(kUpdates + parameter.name));
    states_[i] = std::move(state);
  }
  return absl::OkStatus();
}

namespace {
bool TakesAll(const spec::OptimizerSpec&, const spec::TensorInfo&) { return true; }
const OptimizerRegistration adamw_registration({"adamw", TakesAll, MakeOptimizer<AdamW>});
}  // namespace

}  // namespace fp4::trainer
