#include "trainer/precision/operand.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>

#include "trainer/random.h"

namespace fp4::trainer {
namespace {

// Each row clamped to [v[floor((1 - q) n)], v[floor(q n)]], v its n values in ascending order (the
// outlier clamping of Wang et al., arXiv 2501.17116).
at::Tensor ClampRows(const at::Tensor& values, double quantile) {
  const int64_t n = values.size(1);
  const auto place = [n](double share) {
    return std::min(static_cast<int64_t>(std::floor(share * static_cast<double>(n))), n - 1);
  };
  const at::Tensor sorted = std::get<0>(at::sort(values, 1));
  const at::Tensor low = sorted.narrow(1, place(1.0 - quantile), 1);
  const at::Tensor high = sorted.narrow(1, place(quantile), 1);
  return at::minimum(at::maximum(values, low), high);
}

}  // namespace

OperandQuantizer::OperandQuantizer(const spec::OperandPrecision& precision, const std::string& gemm,
                                   const std::string& operand, at::ScalarType compute_type,
                                   const StepContext& context, Backend& backend)
    : options_(precision.options),
      outlier_quantile_(precision.outlier_quantile),
      outlier_residual_(precision.outlier_residual),
      compute_type_(compute_type),
      context_(&context),
      backend_(&backend) {
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
  RECORD_USER_SCOPE("quantize operands");
  const at::Tensor clamped = Clamped(values);
  at::Tensor operand = at::empty(values.sizes(), values.options().dtype(compute_type_));
  const QuantizeJob job = Job(clamped, operand);
  backend_->QuantizeDequantize({&job, 1});
  if (outlier_quantile_ > 0 && outlier_residual_) operand += values - clamped;
  return operand;
}

at::Tensor OperandQuantizer::Clamped(const at::Tensor& values) const {
  return outlier_quantile_ > 0 ? ClampRows(values.to(at::kFloat), outlier_quantile_) : values;
}

QuantizeJob OperandQuantizer::Job(const at::Tensor& values, const at::Tensor& operand) const {
  QuantizeJob job{format_, options_, values, operand};
  if (!context_->training) job.options.rounding = numerics::Rounding::kNearest;
  const auto batch = static_cast<uint64_t>(context_->micro_batch);
  if (draws_noise()) job.options.step = batch;
  if (draws_signs()) job.options.signs.step = batch;
  return job;
}

}  // namespace fp4::trainer
