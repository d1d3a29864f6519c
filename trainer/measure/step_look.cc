#include "trainer/measure/step_look.h"

namespace fp4::trainer {

void StepLook::Begin() {
  look_ = {};
  measured_.clear();
  inputs_seen_.clear();
}

void StepLook::SawOperand(const std::string& layer, LayerTensor which,
                          const OperandQuantizer& quantizer, const at::Tensor& values,
                          const at::Tensor& operand) {
  switch (which) {
    case LayerTensor::kInput:
      if (inputs_seen_.insert(layer).second)
        look_.inputs.push_back({layer, values.eq(values.narrow(0, 0, 1)).all(0)});
      return Measure(layer, Operand::kActivations, quantizer, values, operand);
    case LayerTensor::kOutputGradient:
      return Measure(layer, Operand::kGradients, quantizer, values, operand);
    case LayerTensor::kWeight:
    case LayerTensor::kOutput:
    case LayerTensor::kInputGradient:
    case LayerTensor::kWeightGradient:
      return;
  }
}

void StepLook::Measure(const std::string& layer, Operand which, const OperandQuantizer& quantizer,
                       const at::Tensor& values, const at::Tensor& operand) {
  if (!quantizer.quantized() || !measured_.insert({layer, which}).second) return;
  OperandFacts facts = MeasureOperand(quantizer, values, operand);
  facts.layer = layer;
  facts.operand = which;
  look_.operands.push_back(std::move(facts));
}

}  // namespace fp4::trainer
