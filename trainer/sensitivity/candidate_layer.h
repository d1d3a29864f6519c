// What another precision would change of one layer's output.
#pragma once

#include <string>

#include "spec/run_spec.h"
#include "trainer/model/model.h"
#include "trainer/precision/operands.h"
#include "trainer/sensitivity/two_passes.h"

namespace fp4::trainer {

at::Tensor InFloat(const at::Tensor& values);

// The layer of that name, and its row of the table; there must be one.
const QuantizedLayer& LayerOf(const Model& model, const std::string& name);
const spec::LayerPrecision& RowOf(const Model& model, const std::string& name);

// What changes are relative to: a layer as it is in one micro-batch, or unquantized.
struct LayerNow {
  const spec::LayerPrecision* row = nullptr;
  at::Tensor input, operand;  // X (rows, in), and what fprop made of it
  at::Tensor weight;          // (out, in), as fprop takes it
};
LayerNow NowOf(const Model& model, const std::string& name, const HeldLayer& held);

// The layer as `row` says; `row` outlives it.
class CandidateLayer {
 public:
  CandidateLayer(const spec::LayerPrecision& row, at::ScalarType compute_type, StepContext& context,
                 Backend& backend);

  // What fprop would take, of a master (out, in).
  at::Tensor Weight(const at::Tensor& master) const { return weights_.Apply(master); }

  // (rows, out) fp32: Y with that weight minus Y as it is.
  at::Tensor Change(const LayerNow& now, const at::Tensor& weight) const;

 private:
  const spec::LayerPrecision& row_;
  const OperandQuantizer activations_, weights_;
};

}  // namespace fp4::trainer
