#include "trainer/precision/dge.h"

#include "numerics/cpu/scaled_values.h"
#include "trainer/parallel_for.h"
#include "trainer/precision/grid.h"

namespace fp4::trainer {
namespace {

// u of every element of a matrix. Once a step, on the CPU: block scales come from the encoder.
at::Tensor ScaledValues(const spec::OperandPrecision& operand, const at::Tensor& matrix) {
  const at::Tensor values = matrix.to(at::kCPU, at::kFloat).contiguous();
  at::Tensor scaled = at::empty_like(values);
  const auto size = static_cast<size_t>(values.numel());
  absl::Status status = numerics::cpu::ScaledValues(
      *numerics::FindFormat(operand.format), {values.const_data_ptr<float>(), size},
      {values.size(0), values.numel() / values.size(0)}, operand.options,
      {scaled.mutable_data_ptr<float>(), size}, ParallelFor);
  TORCH_CHECK(status.ok(), std::string(status.message()));
  return scaled.to(matrix.device());
}

}  // namespace

at::Tensor DifferentiableSlope(const at::Tensor& u, double power, double cap) {
  static const ElementGrid grid("nvfp4");
  const at::Tensor magnitude = u.abs().clamp_max_(grid.largest());
  const at::Tensor place =
      (magnitude - grid.CellFloor(magnitude)) / grid.CellWidth(magnitude) * 2.0 - 1.0;
  return (place.abs().pow(1.0 / power - 1.0) / power).clamp_max_(cap);
}

DifferentiableEstimator::DifferentiableEstimator(const EstimatorParts& parts)
    : weight_(parts.precision.weight()),
      power_(parts.precision.dge_power),
      cap_(parts.precision.dge_cap) {}

bool DifferentiableEstimator::MakeWeight(const at::Tensor&, at::Tensor&) { return false; }

void DifferentiableEstimator::FinishGradient(const at::Tensor& master, at::Tensor& gradient) {
  gradient.mul_(DifferentiableSlope(ScaledValues(weight_, master), power_, cap_));
}

}  // namespace fp4::trainer
