#pragma once

#include <span>
#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"

namespace fp4::trainer {

class OperandQuantizer;

// A layer whose weight the precision table can quantize: what a model lists, refreshes and
// measures. Not thread-safe.
class QuantizedLayer {
 public:
  virtual ~QuantizedLayer() = default;

  // As rules name it: "blocks.0.attention.qkv".
  virtual const std::string& name() const = 0;
  virtual const at::Tensor& master() const = 0;
  // The weight as the forward pass sees it, of the master's shape. Valid after the jobs of
  // RefreshWeight are done.
  virtual at::Tensor weight() const = 0;
  virtual bool weight_quantized() const = 0;
  // The tensors that it keeps of the weight from one use to the next beside the master: as the
  // GEMMs take them. One that is the master itself may be among them.
  virtual std::vector<at::Tensor> KeptWeights() const { return {weight()}; }
  // Bytes of the codes and scales that it keeps of the weight.
  virtual int64_t packed_weight_bytes() const { return 0; }
  // Whether the weight's rounding draws random numbers, so that training and evaluation differ.
  virtual bool weight_stochastic() const = 0;

  // What makes weight() of the master; null where the weight is not quantized, or an estimator
  // makes it. Valid until Use.
  virtual const OperandQuantizer* weight_quantizer() const = 0;

  // From now on it computes as this row of the precision table says; RefreshWeight follows.
  // `precision` names this layer.
  virtual void Use(const spec::LayerPrecision& precision) = 0;

  // After the master has changed, or context.training: copies what is not quantized, and adds what
  // has to be quantized to `jobs`.
  virtual void RefreshWeight(std::vector<QuantizeJob>& jobs) = 0;

  // When a step's gradients are complete, before their norm: makes the gradient with respect to the
  // weight as the GEMMs saw it the master's.
  virtual void FinishGradient() {}
};

// Makes the weights of all layers anew, in one call to the backend.
void RefreshWeights(std::span<QuantizedLayer* const> layers, Backend& backend);

}  // namespace fp4::trainer
