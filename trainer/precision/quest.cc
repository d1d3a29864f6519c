#include "trainer/precision/quest.h"

#include <cmath>

#include "numerics/format.h"
#include "trainer/precision/grid.h"

namespace fp4::trainer {
namespace {

// The clipping that loses least of a Gaussian at so many bits, in its standard deviations (the
// tables of the published code).
constexpr double kBestClip4 = 2.513930578568423;
constexpr double kBestClip8 = 3.91;
constexpr double kBestClipMxfp4 = 2.92247856;

// x H of groups of `size` along the last dimension, H orthonormal: its own inverse.
at::Tensor Rotate(const at::Tensor& x, int64_t size) {
  at::Tensor groups = x.reshape({-1, size});
  for (int64_t half = 1; half < size; half *= 2) {
    at::Tensor pairs = groups.view({-1, size / (2 * half), 2, half});
    at::Tensor a = pairs.select(2, 0), b = pairs.select(2, 1);
    groups = at::stack({a + b, a - b}, 2).view({-1, size});
  }
  return (groups / std::sqrt(static_cast<double>(size))).view(x.sizes());
}

}  // namespace

QuestEstimator::QuestEstimator(const EstimatorParts& parts)
    : integer_(parts.precision.weight().format != "mxfp4"),
      bits_(numerics::FindFormat(parts.precision.weight().format)->info().bits_per_element),
      group_(integer_ ? 128 : 32) {}

QuestEstimator::Rounded QuestEstimator::Round(const at::Tensor& rotated) const {
  if (integer_) {
    const double clip = bits_ == 4 ? kBestClip4 : kBestClip8;
    at::Tensor alpha = rotated.square().mean(-1, /*keepdim=*/true).sqrt() * clip + 1e-8;
    at::Tensor step = 2.0 * alpha / (std::pow(2.0, bits_) - 1.0);
    at::Tensor clipped = at::minimum(at::maximum(rotated, -alpha), alpha);
    at::Tensor q = (at::round(clipped / step + 0.5) - 0.5) * step;
    return {q, (q - rotated).abs().le(step / 2.0)};
  }
  at::Tensor groups = rotated.reshape({-1, group_});
  at::Tensor deviation = at::std(groups, /*dim=*/1, /*unbiased=*/false, /*keepdim=*/true);
  at::Tensor scale = at::exp2(at::floor(at::log2(deviation * (kBestClipMxfp4 / 6.0) + 1e-8)));
  at::Tensor u = groups / scale;
  static const ElementGrid grid("mxfp4");
  at::Tensor q = grid.Round(u.clamp(-6.0, 6.0)) * scale;
  return {q.view(rotated.sizes()), u.abs().lt(6.0).view(rotated.sizes())};
}

bool QuestEstimator::MakeWeight(const at::Tensor& master, at::Tensor& weight) {
  weight.copy_(Rotate(Round(Rotate(master.to(at::kFloat), group_)).values, group_));
  return true;
}

void QuestEstimator::FinishGradient(const at::Tensor& master, at::Tensor& gradient) {
  const at::Tensor trusted = Round(Rotate(master.to(at::kFloat), group_)).trusted;
  gradient.copy_(Rotate(Rotate(gradient.to(at::kFloat), group_) * trusted, group_));
}

}  // namespace fp4::trainer
