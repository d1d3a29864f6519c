#include "trainer/precision/learned_scale.h"

#include <cmath>

#include "numerics/arithmetic/philox.h"
#include "trainer/random.h"

namespace fp4::trainer {

LearnedScaleEstimator::LearnedScaleEstimator(const EstimatorParts& parts)
    : noise_(parts.precision.estimator == spec::Estimator::kNoise),
      grid_(parts.precision.weight().format),
      scale_(parts.parameters.Master(ScaleName(parts.precision.layer))),
      context_(parts.context),
      key_(RandomKey(parts.context.seed, "weight noise", parts.precision.layer)) {}

at::Tensor LearnedScaleEstimator::Noise(const at::Tensor& like) const {
  at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  FillUniform({noise.mutable_data_ptr<float>(), static_cast<size_t>(noise.numel())}, key_,
              static_cast<uint64_t>(noise_of_));
  return noise.to(like.device());
}

bool LearnedScaleEstimator::MakeWeight(const at::Tensor& master, at::Tensor& weight) {
  // A scale at or below 0 would turn signs; the smallest normal number stands for it.
  const at::Tensor scale = scale_.detach().clamp_min(0x1p-126);
  const at::Tensor u = (master / scale).clamp(-grid_.largest(), grid_.largest());
  if (noise_ && context_.training) {
    noise_of_ = context_.micro_batch;
    weight.copy_((u + 0.5 * grid_.CellWidth(u) * Noise(u)) * scale);
  } else {
    weight.copy_(grid_.Round(u) * scale);
  }
  return true;
}

void LearnedScaleEstimator::FinishGradient(const at::Tensor& master, at::Tensor& gradient) {
  const at::Tensor u = master / scale_.detach().clamp_min(0x1p-126);
  const at::Tensor inside = u.abs().le(grid_.largest());
  const at::Tensor slope = noise_ ? 0.5 * grid_.CellWidth(u) * Noise(u)
                                  : grid_.Round(u.clamp(-grid_.largest(), grid_.largest())) - u;
  const at::Tensor beyond = at::sign(u) * grid_.largest();
  const double factor = 1.0 / std::sqrt(static_cast<double>(master.numel()) * grid_.largest());
  at::Tensor ds = (gradient * at::where(inside, slope, beyond)).sum(at::kDouble) * factor;
  scale_.mutable_grad() = ds.to(at::kFloat).view({1});
  gradient.mul_(inside);
}

}  // namespace fp4::trainer
