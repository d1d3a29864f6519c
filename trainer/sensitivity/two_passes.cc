#include "trainer/sensitivity/two_passes.h"

#include "trainer/optimizer/gradients.h"
#include "trainer/random.h"

namespace fp4::trainer {

TwoPassObserver::TwoPassObserver(std::span<const std::string> layers) {
  for (const std::string& layer : layers) held_[layer];
}

void TwoPassObserver::SawOperand(const std::string& layer, LayerTensor which,
                                 const OperandQuantizer& /*quantizer*/, const at::Tensor& values,
                                 const at::Tensor& operand) {
  const auto held = held_.find(layer);
  // The first time is the forward pass; later ones show it again, some of them turned.
  if (held == held_.end() || which != LayerTensor::kInput || held->second.input.defined()) return;
  held->second.input = values.detach();
  held->second.operand = operand.detach();
}

void TwoPassObserver::SawGradient(const std::string& layer, const at::Tensor& dy) {
  const auto held = held_.find(layer);
  if (held == held_.end()) return;
  (sampled_ ? held->second.sampled_gradients : held->second.gradients)
      .push_back(dy.detach().clone());
}

void ComputeTwice(const ComputedParts& parts, const Batch& batch, int64_t targets,
                  double loss_scale, uint64_t draw, TwoPassObserver& observer) {
  const double scale = loss_scale / static_cast<double>(targets);
  const uint64_t key = RandomKey(parts.context.seed, "drawn targets", "");
  const Batch drawn{batch.inputs, parts.model.SampleTargets(batch, key, draw)};
  const ScopedObserver observed(parts.context, &observer);
  parts.model.ForwardBackward(batch, scale);
  ClearGradients(parts.parameters);
  observer.BeginSampled();
  parts.model.ForwardBackward(drawn, scale);
  ClearGradients(parts.parameters);
}

}  // namespace fp4::trainer
