#pragma once

#include <set>
#include <utility>
#include <vector>

#include "trainer/health/look.h"
#include "trainer/precision/layer_observer.h"

namespace fp4::trainer {

// Looks at every layer while a micro-batch of training is computed: what quantizing made of its
// activations and gradients, as the GEMMs use them, and which of its inputs never change. An
// operand that several GEMMs quantize is measured where fprop, else dgrad, else wgrad does; of a
// layer that works in pieces the first piece. Not thread-safe.
class StepLook : public LayerObserver {
 public:
  // Forgets what it has seen: the step is computed anew.
  void Begin();

  void Saw(const std::string& /*layer*/, LayerTensor /*which*/,
           const at::Tensor& /*values*/) override {}
  void SawOperand(const std::string& layer, LayerTensor which, const OperandQuantizer& quantizer,
                  const at::Tensor& values, const at::Tensor& operand) override;

  const Look& look() const { return look_; }

 private:
  void Measure(const std::string& layer, Operand which, const OperandQuantizer& quantizer,
               const at::Tensor& values, const at::Tensor& operand);

  Look look_;
  std::set<std::pair<std::string, Operand>> measured_;
  std::set<std::string> inputs_seen_;
};

}  // namespace fp4::trainer
