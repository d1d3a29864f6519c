#include "trainer/model/norm.h"

#include <utility>

#include "trainer/model/parameters.h"

namespace fp4::trainer {

NormLayer::NormLayer(spec::Norm kind, double epsilon, at::Tensor weight, at::ScalarType output_type)
    : kind_(kind), epsilon_(epsilon), weight_(std::move(weight)), output_type_(output_type) {}

at::Tensor NormLayer::Forward(const at::Tensor& input) const {
  at::Tensor normalized;
  const at::Tensor x = input.to(at::kFloat);
  const at::Tensor weight = InFp32(weight_);
  switch (kind_) {
    case spec::Norm::kRmsNorm:
      normalized = at::rms_norm(x, weight.sizes(), weight, epsilon_);
      break;
    case spec::Norm::kLayerNorm:
      normalized = at::layer_norm(x, weight.sizes(), weight, {}, epsilon_);
      break;
  }
  return normalized.to(output_type_);
}

}  // namespace fp4::trainer
