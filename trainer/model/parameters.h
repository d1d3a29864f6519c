// The tensors that are trained: masters, by the names they have in checkpoints, and their
// gradients.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "spec/model_tensors.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// A tensor of the model with its values.
struct Parameter : spec::TensorInfo {
  // fp32 or bf16, contiguous, requires_grad. A weight of more than two dimensions, as of a
  // convolution, is the matrix (out, rest) here and everywhere in the trainer; in files it has its
  // own `shape`. grad() is of the type of ParameterTypes.gradients,
  // whatever the master's is.
  at::Tensor master;
  uint64_t rounding_key = 0;  // of the random numbers that round it, by (seed, name)
  bool may_decay = true;
  bool added = false;  // is not the model's own: see Add
};

// What masters and gradients are kept in: fp32 or bf16.
struct ParameterTypes {
  at::ScalarType masters = at::kFloat, gradients = at::kFloat;
};

// Adds to the gradient of a master, in the type that its gradients are kept in; for what autograd
// does not see.
void AddToGradient(const at::Tensor& master, const at::Tensor& gradient);

// The values of a master in fp32, with a gradient in fp32: for operations that autograd knows,
// whose other inputs are fp32.
at::Tensor InFp32(const at::Tensor& master);

// In the model's order.
class ParameterSet {
 public:
  // Every tensor of the model that has values of its own, with its initial ones: by (seed, name).
  ParameterSet(const spec::ModelSpec& model, uint64_t seed, at::Device device,
               ParameterTypes types = {});

  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  // The master of that name, which there must be.
  at::Tensor Master(std::string_view name) const;
  const std::vector<Parameter>& all() const { return parameters_; }
  int64_t num_elements() const;

  // Takes the values of a safetensors file (F32, F16 or BF16). INVALID_ARGUMENT names every tensor
  // that is missing, extra or misshapen; what our own checkpoints hold beside the masters is passed
  // over. `asked_by` ("model.initialize_from") begins the error.
  absl::Status InitializeFrom(const std::string& path, std::string_view asked_by);

  // A parameter that is not the model's own, such as a scale that an estimator learns. It never
  // decays.
  void Add(const std::string& name, const at::Tensor& values);

  // Takes those values of the file that belong to added parameters; one that the file does not have
  // keeps its own. INVALID_ARGUMENT: one has another type or shape.
  absl::Status TakeAdded(const std::string& path, std::string_view asked_by);

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace fp4::trainer
