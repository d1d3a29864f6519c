#include "trainer/sensitivity/perturbation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "trainer/optimizer/gradients.h"
#include "trainer/random.h"

namespace fp4::trainer {
namespace {

bool Rotates(const spec::LayerPrecision& row) {
  const spec::GemmPrecision& fprop = row.gemm(spec::Gemm::kFprop);
  return (fprop.a.quantized() && fprop.a.options.hadamard != 0) ||
         (fprop.b.quantized() && fprop.b.options.hadamard != 0);
}

at::Tensor InFloat(const at::Tensor& values) { return values.to(at::kFloat); }

// What changes are relative to: the layer as it is in this micro-batch, or unquantized.
struct Reference {
  const QuantizedLayer* layer;
  const spec::LayerPrecision* row;
  at::Tensor input, operand;  // X (rows, in)
  at::Tensor weight;          // (out, in), as fprop takes it
};

class Candidate {
 public:
  Candidate(const PerturbationParts& parts, const spec::LayerPrecision& row)
      : row_(row),
        activations_(row.gemm(spec::Gemm::kFprop).a, absl::StrCat(row.layer, "/fprop"), "a",
                     parts.compute_type, parts.context, parts.backend),
        weights_(row.gemm(spec::Gemm::kFprop).b, absl::StrCat(row.layer, "/fprop"), "b",
                 parts.compute_type, parts.context, parts.backend) {}

  // Fills change and weight_change.
  void Perturb(const Reference& now, Perturbation& out) const {
    const at::Tensor weight = weights_.Apply(now.layer->master().detach());
    const at::Tensor operand = activations_.Apply(now.input);
    out.weight_change = InFloat(weight) - InFloat(now.weight);
    if (Rotates(row_) || Rotates(*now.row)) {
      // The operands are turned: only products can be compared.
      out.change = at::mm(InFloat(operand), InFloat(weight).t()) -
                   at::mm(InFloat(now.operand), InFloat(now.weight).t());
      return;
    }
    // X' W'^T - X W^T = X (W' - W)^T + (X' - X) W'^T: differences are small, and are taken before
    // the product rounds.
    const at::ScalarType type = operand.scalar_type();
    out.change = InFloat(at::mm(now.operand, out.weight_change.to(type).t()));
    const bool same_input = !activations_.quantized() && now.operand.is_same(now.input);
    if (!same_input)
      out.change += at::mm((InFloat(operand) - InFloat(now.operand)).to(type), weight.t());
  }

 private:
  const spec::LayerPrecision& row_;
  const OperandQuantizer activations_, weights_;
};

const QuantizedLayer& QuantizedLayerOf(const Model& model, const std::string& name) {
  const auto found = std::ranges::find(model.layers(), name, &QuantizedLayer::name);
  TORCH_CHECK(found != model.layers().end(), "the model has no layer ", name);
  return **found;
}

const spec::LayerPrecision& RowOf(const Model& model, const std::string& name) {
  const auto found = std::ranges::find(model.table(), name, &spec::LayerPrecision::layer);
  TORCH_CHECK(found != model.table().end(), "the table has no row ", name);
  return *found;
}

bool ComputesAlike(const spec::LayerPrecision& a, const spec::LayerPrecision& b) {
  return a.gemm(spec::Gemm::kFprop).a == b.gemm(spec::Gemm::kFprop).a && a.weight() == b.weight();
}

spec::LayerPrecision Unquantized(spec::LayerPrecision row) {
  for (spec::GemmPrecision& gemm : row.gemms) gemm = {};
  return row;
}

void VisitLayer(const PerturbationParts& parts, size_t number,
                const PerturbationObserver::Held& held, double loss_scale,
                const PerturbationVisitor& visit) {
  const std::vector<spec::LayerCandidate>& candidates = parts.candidates.layers[number];
  const std::string& name = candidates.front().row.layer;
  const QuantizedLayer& layer = QuantizedLayerOf(parts.model, name);
  const spec::LayerPrecision& row = RowOf(parts.model, name);
  const spec::LayerPrecision exact = Unquantized(row);
  const Reference now =
      parts.from_exact ? Reference{&layer, &exact, held.input, held.input.to(parts.compute_type),
                                   layer.master().detach().to(parts.compute_type)}
                       : Reference{&layer, &row, held.input, held.operand, layer.weight()};
  Perturbation seen;
  seen.layer = number;
  seen.input = held.input;
  seen.master = &layer.master();
  seen.gradient = InFloat(at::cat(held.gradients)) / loss_scale;
  seen.sampled_gradient = InFloat(at::cat(held.sampled_gradients)) / loss_scale;
  for (size_t i = 0; i < candidates.size(); ++i) {
    seen.candidate = i;
    seen.row = &candidates[i].row;
    if (ComputesAlike(*seen.row, *now.row)) {
      seen.change = at::zeros_like(seen.gradient);
      seen.weight_change = at::zeros(now.weight.sizes(), seen.gradient.options());
    } else {
      Candidate(parts, *seen.row).Perturb(now, seen);
    }
    visit(seen);
  }
}

}  // namespace

PerturbationObserver::PerturbationObserver(const spec::Candidates& candidates) {
  for (const auto& layer : candidates.layers) held_[layer.front().row.layer];
}

void PerturbationObserver::SawOperand(const std::string& layer, LayerTensor which,
                                      const OperandQuantizer& /*quantizer*/,
                                      const at::Tensor& values, const at::Tensor& operand) {
  const auto held = held_.find(layer);
  // The first time is the forward pass; later ones show it again, some of them turned.
  if (held == held_.end() || which != LayerTensor::kInput || held->second.input.defined()) return;
  held->second.input = values.detach();
  held->second.operand = operand.detach();
}

void PerturbationObserver::SawGradient(const std::string& layer, const at::Tensor& dy) {
  const auto held = held_.find(layer);
  if (held == held_.end()) return;
  (sampled_ ? held->second.sampled_gradients : held->second.gradients)
      .push_back(dy.detach().clone());
}

void VisitPerturbations(const PerturbationParts& parts, const Batch& batch, int64_t targets,
                        double loss_scale, uint64_t draw, const PerturbationVisitor& visit) {
  PerturbationObserver observer(parts.candidates);
  const double scale = loss_scale / static_cast<double>(targets);
  const uint64_t key = RandomKey(parts.context.seed, "drawn targets", "");
  const Batch drawn{batch.inputs, parts.model.SampleTargets(batch, key, draw)};
  {
    const ScopedObserver observed(parts.context, &observer);
    parts.model.ForwardBackward(batch, scale);
    ClearGradients(parts.parameters);
    observer.BeginSampled();
    parts.model.ForwardBackward(drawn, scale);
    ClearGradients(parts.parameters);
  }
  at::NoGradGuard no_grad;
  for (size_t layer = 0; layer < parts.candidates.layers.size(); ++layer) {
    const auto& held = observer.held(parts.candidates.layers[layer].front().row.layer);
    if (!held.gradients.empty()) VisitLayer(parts, layer, held, loss_scale, visit);
  }
}

}  // namespace fp4::trainer
