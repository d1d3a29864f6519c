// The tensors that are trained: fp32 masters, by the names they have in checkpoints.
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
  at::Tensor master;  // fp32, contiguous, requires_grad
};

// In the model's order.
class ParameterSet {
 public:
  // Every tensor of the model that has values of its own, with its initial ones: by (seed, name).
  ParameterSet(const spec::ModelSpec& model, uint64_t seed, at::Device device);

  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  // The master of that name, which there must be.
  at::Tensor Master(std::string_view name) const;
  const std::vector<Parameter>& all() const { return parameters_; }
  int64_t num_elements() const;

  // Takes the values of a safetensors file (F32, F16 or BF16). INVALID_ARGUMENT names every tensor
  // that is missing, extra or misshapen; what our own checkpoints hold
  // beside the masters, are passed over.
  absl::Status InitializeFrom(const std::string& path);

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace fp4::trainer
