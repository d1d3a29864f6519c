#include "trainer/optimizer/gradients.h"

#include <algorithm>

namespace fp4::trainer {

std::vector<at::Tensor> Gradients(const ParameterSet& parameters) {
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.master.grad().defined()) gradients.push_back(parameter.master.grad());
  }
  return gradients;
}

at::Tensor GradientNorm(const ParameterSet& parameters) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients = Gradients(parameters);
  if (gradients.empty()) return at::zeros({}, at::kFloat);
  const bool all_fp32 = std::ranges::all_of(
      gradients, [](const at::Tensor& gradient) { return gradient.scalar_type() == at::kFloat; });
  std::vector<at::Tensor> norms =
      all_fp32 ? at::_foreach_norm(gradients) : at::_foreach_norm(gradients, 2, at::kFloat);
  return at::linalg_vector_norm(at::stack(norms));
}

void ClipGradients(const ParameterSet& parameters, double norm, double limit) {
  at::NoGradGuard no_grad;
  double factor = limit / (norm + 1e-6);
  if (factor >= 1.0) return;
  std::vector<at::Tensor> gradients = Gradients(parameters);
  at::_foreach_mul_(gradients, factor);
}

void UnscaleGradients(const ParameterSet& parameters, double scale) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients = Gradients(parameters);
  if (!gradients.empty()) at::_foreach_mul_(gradients, static_cast<float>(1.0 / scale));
}

bool GradientsAreFinite(const ParameterSet& parameters) {
  return std::ranges::all_of(Gradients(parameters), [](const at::Tensor& gradient) {
    return at::isfinite(gradient).all().item<bool>();
  });
}

void ClearGradients(const ParameterSet& parameters) {
  for (const Parameter& parameter : parameters.all())
    parameter.master.mutable_grad() = at::Tensor();
}

}  // namespace fp4::trainer
