#include "trainer/precision/layer.h"

namespace fp4::trainer {

void RefreshWeights(std::span<QuantizedLayer* const> layers, Backend& backend) {
  at::NoGradGuard no_grad;
  std::vector<QuantizeJob> jobs;
  for (QuantizedLayer* layer : layers) layer->RefreshWeight(jobs);
  backend.QuantizeDequantize(jobs);
}

}  // namespace fp4::trainer
