#include "trainer/precision/operand.h"

#include "trainer/random.h"

namespace fp4::trainer {

OperandQuantizer::OperandQuantizer(const spec::OperandPrecision& precision, const std::string& gemm,
                                   const std::string& operand, at::ScalarType compute_type,
                                   const StepContext& context, Backend& backend)
    : options_(precision.options),
      compute_type_(compute_type),
      context_(context),
      backend_(backend) {
  if (!precision.quantized()) return;
  const std::string name = gemm + "/" + operand;
  format_ = numerics::FindFormat(precision.format);
  TORCH_CHECK(format_ != nullptr, "no format named ", precision.format, " (", name, ")");
  // Without a use for them the keys stay 0, so that equal operands of many layers share a launch.
  if (draws_noise()) options_.seed = RandomKey(context.seed, "rounding", name);
  if (draws_signs()) options_.signs.seed = RandomKey(context.seed, "rotation", gemm);
}

at::Tensor OperandQuantizer::Apply(const at::Tensor& values) const {
  if (!quantized()) return values.to(compute_type_);
  at::Tensor operand = at::empty(values.sizes(), values.options().dtype(compute_type_));
  const QuantizeJob job = Job(values, operand);
  backend_.QuantizeDequantize({&job, 1});
  return operand;
}

QuantizeJob OperandQuantizer::Job(const at::Tensor& values, const at::Tensor& operand) const {
  QuantizeJob job{format_, options_, values, operand};
  if (!context_.training) job.options.rounding = numerics::Rounding::kNearest;
  const auto batch = static_cast<uint64_t>(context_.micro_batch);
  if (draws_noise()) job.options.step = batch;
  if (draws_signs()) job.options.signs.step = batch;
  return job;
}

}  // namespace fp4::trainer
