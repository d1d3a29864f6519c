#include "trainer/model/parameters.h"

#include <torch/version.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "safetensors/safetensors.h"
#include "trainer/checkpoint/state.h"
#include "trainer/random.h"
#include "trainer/tensor_types.h"

namespace fp4::trainer {
namespace {

// What estimators have learned beside a weight (trainer/precision/make_estimator.cc).
constexpr std::string_view kLearnedScale = ".weight_scale";

at::Tensor InitialValues(const spec::TensorInfo& tensor, uint64_t seed) {
  if (tensor.init_std == 0) return at::ones(tensor.shape, at::kFloat);
  at::Tensor values = at::empty(tensor.shape, at::kFloat);
  FillNormal({values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel())},
             RandomKey(seed, "initial values", tensor.name), tensor.init_std);
  return values;
}

// (out, rest) of what has more than two dimensions.
at::Tensor AsMatrix(const at::Tensor& values) {
  return values.dim() > 2 ? values.flatten(1) : values;
}

// Autograd casts a gradient to the type of its tensor, unless it is told another (LibTorch 2.10 and
// later).
template <typename Tensor>
void KeepGradientsIn(const Tensor& master, at::ScalarType type) {
  if constexpr (requires { master.set_grad_dtype(type); }) {
    master.set_grad_dtype(type);
  } else {
    TORCH_CHECK(master.scalar_type() == type, "LibTorch ", TORCH_VERSION,
                " keeps gradients in the type of the masters only; 2.10 or later is needed");
  }
}

template <typename Tensor>
at::ScalarType GradientType(const Tensor& master) {
  if constexpr (requires { master.grad_dtype(); })
    return master.grad_dtype().value_or(master.scalar_type());
  return master.scalar_type();
}

class InFp32Function : public torch::autograd::Function<InFp32Function> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& master) {
    return master.to(at::kFloat);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    return gradients;
  }
};

bool IsTaken(safetensors::TensorType type) {
  return type == safetensors::TensorType::kF32 || type == safetensors::TensorType::kF16 ||
         type == safetensors::TensorType::kBF16;
}

// The values of a file's tensor for a parameter; or why not.
void Take(const safetensors::TensorView& view, const Parameter& parameter,
          std::vector<std::string>& problems) {
  at::NoGradGuard no_grad;
  if (!IsTaken(view.type)) {
    problems.push_back(absl::StrCat(parameter.name, " has dtype ", std::string(view.type_name()),
                                    "; allowed: F32, F16, BF16"));
  } else if (view.shape != parameter.shape) {
    problems.push_back(absl::StrCat(parameter.name, " has shape [", absl::StrJoin(view.shape, ", "),
                                    "], the model's is [", absl::StrJoin(parameter.shape, ", "),
                                    "]"));
  } else {
    parameter.master.detach().copy_(AsMatrix(*TensorOver(view)));
  }
}

absl::Status StatusOf(const std::vector<std::string>& problems, const std::string& path,
                      std::string_view asked_by) {
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(asked_by), ": ", path, ": ", absl::StrJoin(problems, "; ")));
}

}  // namespace

void AddToGradient(const at::Tensor& master, const at::Tensor& gradient) {
  at::Tensor& sum = master.mutable_grad();
  if (sum.defined()) {
    sum.add_(gradient);
  } else {
    sum = gradient.to(GradientType(master));
  }
}

at::Tensor InFp32(const at::Tensor& master) {
  return master.scalar_type() == at::kFloat ? master : InFp32Function::apply(master);
}

ParameterSet::ParameterSet(const spec::ModelSpec& model, uint64_t seed, at::Device device,
                           ParameterTypes types) {
  for (spec::TensorInfo& tensor : spec::ModelTensors(model)) {
    if (!tensor.shares.empty()) continue;
    at::Tensor master = AsMatrix(InitialValues(tensor, seed)).to(types.masters).to(device);
    const uint64_t rounding_key = RandomKey(seed, "rounding of masters", tensor.name);
    parameters_.push_back({std::move(tensor), master.set_requires_grad(true), rounding_key});
    KeepGradientsIn(parameters_.back().master, types.gradients);
  }
}

at::Tensor ParameterSet::Master(std::string_view name) const {
  auto found = std::ranges::find(parameters_, name, &Parameter::name);
  TORCH_CHECK(found != parameters_.end(), "no tensor named ", std::string(name));
  return found->master;
}

int64_t ParameterSet::num_elements() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.master.numel();
  return count;
}

void ParameterSet::Add(const std::string& name, const at::Tensor& values) {
  Parameter parameter;
  parameter.name = name;
  parameter.role = spec::TensorRole::kNorm;
  parameter.shape = values.sizes().vec();
  parameter.master = values.detach().clone().set_requires_grad(true);
  parameter.may_decay = false;
  parameter.added = true;
  parameters_.push_back(std::move(parameter));
}

absl::Status ParameterSet::InitializeFrom(const std::string& path, std::string_view asked_by) {
  FP4_ASSIGN_OR_RETURN(safetensors::File file, safetensors::File::Open(path));
  std::vector<std::string> problems;
  for (const Parameter& parameter : parameters_) {
    const safetensors::TensorView* view = file.Find(parameter.name);
    if (view == nullptr) {
      problems.push_back(absl::StrCat(parameter.name, " is missing"));
    } else {
      Take(*view, parameter, problems);
    }
  }
  for (const safetensors::TensorView& view : file.tensors()) {
    bool known =
        std::ranges::any_of(parameters_, [&](const Parameter& p) { return p.name == view.name; });
    if (!known && !IsStateName(view.name) && !view.name.ends_with(kLearnedScale))
      problems.push_back(absl::StrCat(view.name, " is not in the model"));
  }
  return StatusOf(problems, path, asked_by);
}

absl::Status ParameterSet::TakeAdded(const std::string& path, std::string_view asked_by) {
  FP4_ASSIGN_OR_RETURN(safetensors::File file, safetensors::File::Open(path));
  std::vector<std::string> problems;
  for (const Parameter& parameter : parameters_) {
    const safetensors::TensorView* view = file.Find(parameter.name);
    if (parameter.added && view != nullptr) Take(*view, parameter, problems);
  }
  return StatusOf(problems, path, asked_by);
}

}  // namespace fp4::trainer
