#include "trainer/checkpoint/state.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kFirstMoment[] = "optimizer.exp_avg.";
constexpr char kSecondMoment[] = "optimizer.exp_avg_sq.";
constexpr char kUpdates[] = "optimizer.step.";

void Add(const std::string& name, const at::Tensor& tensor, StateSnapshot& snapshot) {
  at::Tensor stored = tensor.detach().to(at::kCPU).contiguous();
  auto type = stored.scalar_type() == at::kLong ? safetensors::TensorType::kI64
                                                : safetensors::TensorType::kF32;
  snapshot.storage.push_back(stored);
  snapshot.tensors.push_back(
      {name,
       type,
       stored.sizes().vec(),
       {static_cast<const std::byte*>(stored.const_data_ptr()), stored.nbytes()}});
}

absl::StatusOr<at::Tensor> Read(const safetensors::File& file, const std::string& name,
                                at::IntArrayRef shape, at::ScalarType type) {
  const safetensors::TensorView* view = file.Find(name);
  if (view == nullptr) return absl::DataLossError(absl::StrCat("checkpoint without ", name));
  auto expected = type == at::kLong ? safetensors::TensorType::kI64 : safetensors::TensorType::kF32;
  if (view->type != expected || at::IntArrayRef(view->shape) != shape) {
    return absl::DataLossError(
        absl::StrCat("checkpoint whose ", name, " has another shape or type"));
  }
  return at::from_blob(const_cast<std::byte*>(view->data.data()), view->shape, type);
}

absl::Status RestoreMoments(const safetensors::File& file, const Parameter& parameter,
                            AdamState& state) {
  at::IntArrayRef shape = parameter.master.sizes();
  FP4_ASSIGN_OR_RETURN(at::Tensor first,
                       Read(file, kFirstMoment + parameter.name, shape, at::kFloat));
  FP4_ASSIGN_OR_RETURN(at::Tensor second,
                       Read(file, kSecondMoment + parameter.name, shape, at::kFloat));
  FP4_ASSIGN_OR_RETURN(at::Tensor updates, Read(file, kUpdates + parameter.name, {}, at::kLong));
  // The file is unmapped when it has been read.
  state.first_moment = first.clone().to(parameter.master.device());
  state.second_moment = second.clone().to(parameter.master.device());
  state.updates = updates.item<int64_t>();
  return absl::OkStatus();
}

}  // namespace

StateSnapshot TakeState(int64_t step, const ParameterSet& parameters, const AdamW& optimizer) {
  StateSnapshot snapshot;
  snapshot.metadata["step"] = absl::StrCat(step);
  for (size_t i = 0; i < parameters.all().size(); ++i) {
    const Parameter& parameter = parameters.all()[i];
    const AdamState& state = optimizer.states()[i];
    Add(parameter.name, parameter.master, snapshot);
    if (!state.defined()) continue;
    Add(kFirstMoment + parameter.name, state.first_moment, snapshot);
    Add(kSecondMoment + parameter.name, state.second_moment, snapshot);
    Add(kUpdates + parameter.name, at::scalar_tensor(state.updates, at::kLong), snapshot);
  }
  return snapshot;
}

absl::Status RestoreState(const std::string& path, const ParameterSet& parameters,
                          AdamW& optimizer) {
  FP4_ASSIGN_OR_RETURN(safetensors::File file, safetensors::File::Open(path));
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.all().size(); ++i) {
    const Parameter& parameter = parameters.all()[i];
    FP4_ASSIGN_OR_RETURN(at::Tensor values,
                         Read(file, parameter.name, parameter.master.sizes(), at::kFloat));
    parameter.master.detach().copy_(values);
    if (file.Find(kUpdates + parameter.name) == nullptr) continue;
    FP4_RETURN_IF_ERROR(RestoreMoments(file, parameter, optimizer.states()[i]));
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
