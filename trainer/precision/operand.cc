#include "trainer/precision/operand.h"

#include "trainer/random.h"

namespace fp4::trainer {

OperandQuantizer::OperandQuantizer(const spec::OperandPrecision& precision, const std::string& name,
                                   at::ScalarType compute_type, const StepContext& context,
                                   Backend& backend)
    : options_(precision.options),
      compute_type_(compute_type),
      context_(context),
      backend_(backend) {
  if (!precision.quantized()) return;
  format_ = numerics::FindFormat(precision.format);
  TORCH_CHECK(format_ != nullptr, "no format named ", precision.format, " (", name, ")");
  options_.seed = RandomKey(context.seed, "rounding", name);
}

at::Tensor OperandQuantizer::Apply(const at::Tensor& values) const {
  if (!quantized()) return values.to(compute_type_);
  at::Tensor operand = at::empty(values.sizes(), values.options().dtype(compute_type_));
  ApplyTo(values, operand);
  return operand;
}

void OperandQuantizer::ApplyTo(const at::Tensor& values, at::Tensor& operand) const {
  if (!quantized()) {
    operand.copy_(values);
    return;
  }
  numerics::QuantizeOptions options = options_;
  options.step = static_cast<uint64_t>(context_.micro_batch);
  if (!context_.training) options.rounding = numerics::Rounding::kNearest;
  backend_.QuantizeDequantize(*format_, options, values.to(at::kFloat).contiguous(), operand);
}

}  // namespace fp4::trainer
