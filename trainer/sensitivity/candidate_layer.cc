#include "trainer/sensitivity/candidate_layer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fp4::trainer {
namespace {

bool Rotates(const spec::LayerPrecision& row) {
  const spec::GemmPrecision& fprop = row.gemm(spec::Gemm::kFprop);
  return (fprop.a.quantized() && fprop.a.options.hadamard != 0) ||
         (fprop.b.quantized() && fprop.b.options.hadamard != 0);
}

}  // namespace

at::Tensor InFloat(const at::Tensor& values) { return values.to(at::kFloat); }

const QuantizedLayer& LayerOf(const Model& model, const std::string& name) {
  const auto found = std::ranges::find(model.layers(), name, &QuantizedLayer::name);
  TORCH_CHECK(found != model.layers().end(), "the model has no layer ", name);
  return **found;
}

const spec::LayerPrecision& RowOf(const Model& model, const std::string& name) {
  const auto found = std::ranges::find(model.table(), name, &spec::LayerPrecision::layer);
  TORCH_CHECK(found != model.table().end(), "the table has no row ", name);
  return *found;
}

LayerNow NowOf(const Model& model, const std::string& name, const HeldLayer& held) {
  return {&RowOf(model, name), held.input, held.operand, LayerOf(model, name).weight()};
}

CandidateLayer::CandidateLayer(const spec::LayerPrecision& row, at::ScalarType compute_type,
                               StepContext& context, Backend& backend)
    : row_(row),
      activations_(row.gemm(spec::Gemm::kFprop).a, absl::StrCat(row.layer, "/fprop"), "a",
                   compute_type, context, backend),
      weights_(row.gemm(spec::Gemm::kFprop).b, absl::StrCat(row.layer, "/fprop"), "b", compute_type,
               context, backend) {}

at::Tensor CandidateLayer::Change(const LayerNow& now, const at::Tensor& weight) const {
  const at::Tensor operand = activations_.Apply(now.input);
  if (Rotates(row_) || Rotates(*now.row)) {
    // The operands are turned: only products can be compared.
    return at::mm(InFloat(operand), InFloat(weight).t()) -
           at::mm(InFloat(now.operand), InFloat(now.weight).t());
  }
  // X' W'^T - X W^T = X (W' - W)^T + (X' - X) W'^T: differences are small, and are taken before
  // the product rounds.
  const at::ScalarType type = operand.scalar_type();
  const at::Tensor weight_change = InFloat(weight) - InFloat(now.weight);
  at::Tensor change = InFloat(at::mm(now.operand, weight_change.to(type).t()));
  const bool same_input = !activations_.quantized() && now.operand.is_same(now.input);
  if (!same_input) change += at::mm((InFloat(operand) - InFloat(now.operand)).to(type), weight.t());
  return change;
}

}  // namespace fp4::trainer
