#include "trainer/health/non_finite.h"

#include "absl/strings/str_cat.h"

namespace fp4::trainer {
namespace {

std::string_view NameOf(LayerTensor which) {
  switch (which) {
    case LayerTensor::kInput:
      return "input";
    case LayerTensor::kWeight:
      return "weight";
    case LayerTensor::kOutput:
      return "output";
    case LayerTensor::kOutputGradient:
      return "gradient of the output";
    case LayerTensor::kInputGradient:
      return "gradient of the input";
    case LayerTensor::kWeightGradient:
      return "gradient of the weight";
  }
  return "";
}

bool IsFinite(const at::Tensor& values) { return at::isfinite(values).all().item<bool>(); }

}  // namespace

void NonFiniteFinder::Look(const std::string& layer, const std::string& what,
                           const at::Tensor& values) {
  if (first_ || IsFinite(values)) return;
  first_ = {layer, absl::StrCat("the ", what, " of ", layer)};
}

void NonFiniteFinder::Saw(const std::string& layer, LayerTensor which, const at::Tensor& values) {
  Look(layer, std::string(NameOf(which)), values);
}

void NonFiniteFinder::SawOperand(const std::string& layer, LayerTensor which,
                                 const OperandQuantizer& /*quantizer*/, const at::Tensor& values,
                                 const at::Tensor& operand) {
  Look(layer, std::string(NameOf(which)), values);
  Look(layer, absl::StrCat("quantized ", std::string(NameOf(which))), operand);
}

std::optional<NonFiniteTensor> FirstNonFiniteGradient(const ParameterSet& parameters) {
  for (const Parameter& parameter : parameters.all()) {
    const at::Tensor& gradient = parameter.master.grad();
    if (gradient.defined() && !IsFinite(gradient))
      return NonFiniteTensor{parameter.layer(), absl::StrCat("the gradient of ", parameter.name)};
  }
  return std::nullopt;
}

}  // namespace fp4::trainer
