#pragma once

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/precision/layer.h"
#include "trainer/precision/layer_observer.h"
#include "trainer/precision/operand.h"

namespace fp4::trainer {

// The look-up of token ids in a table, quantized or not. The residual stream that it starts is
// fp32, so the table is looked up in fp32 whatever the compute type.
class Embedding : public QuantizedLayer {
 public:
  Embedding(const spec::LayerPrecision& precision, at::Tensor master, double scale,
            StepContext& context, Backend& backend);
  Embedding(const Embedding&) = delete;
  Embedding& operator=(const Embedding&) = delete;

  void Use(const spec::LayerPrecision& precision) override;
  void RefreshWeight(std::vector<QuantizeJob>& jobs) override;

  // (B, T) ids, int64 → (B, T, C) fp32, times the scale. Recorded for autograd.
  at::Tensor Forward(const at::Tensor& tokens);

  // The gradient of the master.
  at::Tensor Backward(const at::Tensor& gradient, const at::Tensor& tokens) const;

  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  at::Tensor weight() const override { return table_; }
  bool weight_quantized() const override { return quantizer_.quantized(); }
  const OperandQuantizer* weight_quantizer() const override {
    return quantizer_.quantized() ? &quantizer_ : nullptr;
  }
  bool weight_stochastic() const override { return quantizer_.stochastic(); }
  bool trains_weight() const { return estimator_ == spec::Estimator::kStraightThrough; }
  double scale() const { return scale_; }

 private:
  void Show(LayerTensor which, const at::Tensor& values) const;

  const std::string name_;
  const at::Tensor master_;
  const double scale_;
  StepContext& context_;
  Backend& backend_;
  spec::Estimator estimator_;
  OperandQuantizer quantizer_;
  at::Tensor table_;  // (V, C): fp32 values of the quantizer, or the master itself
};

}  // namespace fp4::trainer
