#pragma once

#include <functional>
#include <optional>
#include <string>

#include "trainer/model/parameters.h"
#include "trainer/precision/layer_observer.h"

namespace fp4::trainer {

// A tensor with a number that is not finite.
struct NonFiniteTensor {
  std::string layer;  // "" where none is to blame
  std::string what;   // "the output of blocks.0.mlp.up (micro-batch 2 of 4)"
};

// Watches a micro-batch that is computed again for the first tensor of a layer that is not finite.
// Reads every tensor whole: only for a step that has failed already.
class NonFiniteFinder : public LayerObserver {
 public:
  void Saw(const std::string& layer, LayerTensor which, const at::Tensor& values) override;
  void SawOperand(const std::string& layer, LayerTensor which, const OperandQuantizer& quantizer,
                  const at::Tensor& values, const at::Tensor& operand) override;

  const std::optional<NonFiniteTensor>& first() const { return first_; }

 private:
  void Look(const std::string& layer, const std::string& what, const at::Tensor& values);

  std::optional<NonFiniteTensor> first_;
};

// The first parameter whose gradient is not finite, where the layers show nothing: a norm's weight,
// or a sum of finite gradients that overflows.
std::optional<NonFiniteTensor> FirstNonFiniteGradient(const ParameterSet& parameters);

}  // namespace fp4::trainer
