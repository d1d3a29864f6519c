#include <utility>

#include "spec/precision.h"

namespace fp4::spec {

void TakePrecision(ResolvedPrecision precision, RunSpec& run) {
  run.layers = std::move(precision.layers);
  run.phases = std::move(precision.phases);
  run.attention = std::move(precision.attention);
  run.adaptive.on = precision.adaptive;
  run.adaptive_high = std::move(precision.adaptive_high);
  if (!precision.de_oscillation) run.de_oscillation.period = 0;
  run.budget = std::move(precision.budget);
  run.sensitivity = std::move(precision.sensitivity);
  const auto pack = [&run](std::vector<LayerPrecision>& table) {
    for (LayerPrecision& layer : table) layer.packed = run.packed_weights && !layer.is_lookup;
  };
  pack(run.layers);
  pack(run.adaptive_high);
  for (PrecisionPhase& phase : run.phases) pack(phase.layers);
  for (std::vector<LayerCandidate>& layer : run.budget.candidates.layers) {
    for (LayerCandidate& candidate : layer) candidate.row.packed = run.packed_weights;
  }
}

}  // namespace fp4::spec
