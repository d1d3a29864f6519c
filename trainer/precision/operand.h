#pragma once

#include "numerics/format.h"
#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Makes one operand of one GEMM of one layer as its precision says: quantized and decoded, or as it
// is.
class OperandQuantizer {
 public:
  // `name` ("blocks.0.mlp.up/dgrad/a") names the stream of random numbers for stochastic rounding.
  OperandQuantizer(const spec::OperandPrecision& precision, const std::string& name,
                   at::ScalarType compute_type, const StepContext& context, Backend& backend);

  bool quantized() const { return format_ != nullptr; }
  bool stochastic() const { return options_.rounding == numerics::Rounding::kStochastic; }

  // `values` (rows, columns), columns the contraction dimension, of any type → the same shape in
  // the compute type. Unquantized and already of that type: `values` itself.
  at::Tensor Apply(const at::Tensor& values) const;

  // As Apply, into `operand`, which has the shape and the compute type.
  void ApplyTo(const at::Tensor& values, at::Tensor& operand) const;

 private:
  const numerics::Format* format_ = nullptr;
  numerics::QuantizeOptions options_;
  const at::ScalarType compute_type_;
  const StepContext& context_;
  Backend& backend_;
};

}  // namespace fp4::trainer
