#pragma once

#include <string>

#include "numerics/format.h"
#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Makes one operand of one GEMM of one layer as its precision says: quantized and decoded, or as it
// is. Random numbers: the noise of stochastic rounding belongs to the operand; the signs of a
// rotation belong to the GEMM, so that both factors of a product are rotated alike and the rotation
// cancels.
class OperandQuantizer {
 public:
  // `gemm` ("blocks.0.mlp.up/dgrad") names the stream of the signs, `gemm`/`operand` ("a", "b")
  // that of the noise. `context` and `backend` outlive it.
  OperandQuantizer(const spec::OperandPrecision& precision, const std::string& gemm,
                   const std::string& operand, at::ScalarType compute_type,
                   const StepContext& context, Backend& backend);

  bool quantized() const { return format_ != nullptr; }
  // Null where it is not quantized.
  const numerics::FormatInfo* format() const {
    return format_ == nullptr ? nullptr : &format_->info();
  }
  bool stochastic() const { return options_.rounding == numerics::Rounding::kStochastic; }
  // Whether its signs are drawn anew for each micro-batch, so that no operand can be kept for the
  // next one.
  bool changes_each_micro_batch() const { return draws_signs(); }

  // `values` (rows, columns), columns the contraction dimension, of any type → the same shape in
  // the compute type. Unquantized and already of that type: `values` itself.
  at::Tensor Apply(const at::Tensor& values) const;

  // What is quantized of `values`: rows without their outliers where the precision says so, and
  // whether those are lost then.
  at::Tensor Clamped(const at::Tensor& values) const;
  bool loses_outliers() const { return outlier_quantile_ > 0 && !outlier_residual_; }

  // The same as a job, into `operand`, which has the shape and the compute type. For a quantized
  // operand only.
  QuantizeJob Job(const at::Tensor& values, const at::Tensor& operand) const;

 private:
  bool draws_noise() const { return stochastic() || options_.ms_eden; }
  bool draws_signs() const {
    return quantized() && options_.hadamard != 0 &&
           options_.signs.pattern == numerics::RotationSigns::Pattern::kRandom;
  }

  const numerics::Format* format_ = nullptr;
  numerics::QuantizeOptions options_;
  double outlier_quantile_ = 0;
  bool outlier_residual_ = true;
  at::ScalarType compute_type_;
  const StepContext* context_;
  Backend* backend_;
};

}  // namespace fp4::trainer
