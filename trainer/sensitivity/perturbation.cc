#include "trainer/sensitivity/perturbation.h"

#include "trainer/sensitivity/candidate_layer.h"
#include "trainer/sensitivity/two_passes.h"

namespace fp4::trainer {
namespace {

bool ComputesAlike(const spec::LayerPrecision& a, const spec::LayerPrecision& b) {
  return a.gemm(spec::Gemm::kFprop).a == b.gemm(spec::Gemm::kFprop).a && a.weight() == b.weight();
}

spec::LayerPrecision Unquantized(spec::LayerPrecision row) {
  for (spec::GemmPrecision& gemm : row.gemms) gemm = {};
  return row;
}

void VisitLayer(const PerturbationParts& parts, size_t number, const HeldLayer& held,
                const at::Tensor& targets, double loss_scale, const PerturbationVisitor& visit) {
  const std::vector<spec::LayerCandidate>& candidates = parts.candidates.layers[number];
  const std::string& name = candidates.front().row.layer;
  const at::Tensor& master = LayerOf(parts.model, name).master();
  const spec::LayerPrecision exact = Unquantized(RowOf(parts.model, name));
  const LayerNow now = parts.from_exact
                           ? LayerNow{&exact, held.input, held.input.to(parts.compute_type),
                                      master.detach().to(parts.compute_type)}
                           : NowOf(parts.model, name, held);
  Perturbation seen;
  seen.layer = number;
  seen.input = held.input;
  seen.master = &master;
  seen.gradient = InFloat(at::cat(held.gradients)) / loss_scale;
  seen.sampled_gradient = InFloat(at::cat(held.sampled_gradients)) / loss_scale;
  seen.targets = targets;
  at::Tensor output;
  if (parts.model.follows_changes()) {
    output = InFloat(at::mm(now.operand, now.weight.t()));
    seen.logits = parts.model.LogitsBehind(name, output);
  }
  for (size_t i = 0; i < candidates.size(); ++i) {
    seen.candidate = i;
    seen.row = &candidates[i].row;
    if (ComputesAlike(*seen.row, *now.row)) {
      seen.change = at::zeros_like(seen.gradient);
      seen.weight_change = at::zeros(now.weight.sizes(), seen.gradient.options());
    } else {
      const CandidateLayer candidate(*seen.row, parts.compute_type, parts.context, parts.backend);
      const at::Tensor weight = candidate.Weight(master.detach());
      seen.change = candidate.Change(now, weight);
      seen.weight_change = InFloat(weight) - InFloat(now.weight);
    }
    if (seen.logits.defined())
      seen.changed_logits = parts.model.LogitsBehind(name, output + seen.change);
    visit(seen);
  }
}

}  // namespace

void VisitPerturbations(const PerturbationParts& parts, const Batch& batch, int64_t targets,
                        double loss_scale, uint64_t draw, const PerturbationVisitor& visit) {
  std::vector<std::string> names;
  for (const auto& layer : parts.candidates.layers) names.push_back(layer.front().row.layer);
  TwoPassObserver observer(names);
  ComputeTwice({parts.model, parts.parameters, parts.context}, batch, targets, loss_scale, draw,
               observer);
  at::NoGradGuard no_grad;
  for (size_t layer = 0; layer < names.size(); ++layer) {
    const HeldLayer& held = observer.held(names[layer]);
    if (!held.gradients.empty()) VisitLayer(parts, layer, held, batch.targets, loss_scale, visit);
  }
}

}  // namespace fp4::trainer
