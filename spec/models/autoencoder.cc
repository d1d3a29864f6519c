// Vectors to the same vectors: linear layers with the activation between them, none after the first
// narrowest layer and after the last.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {
namespace {

std::vector<Field> Fields() {
  return {FromPreset(Field{
      .name = "layer_sizes",
      .doc = "Widths from the data through the bottleneck back to the data: the first and the "
             "last are equal.",
      .type = ListOf(Integer(1, 65536), 2, 64, false),
      .later = true,
      .store = [](const Node& node, RunSpec& run) {
        run.model.autoencoder.layer_sizes = AsIntegers(node);
      }})};
}

std::vector<TensorInfo> Tensors(const ModelSpec& model) {
  const std::vector<int64_t>& sizes = model.autoencoder.layer_sizes;
  std::vector<TensorInfo> tensors;
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    tensors.push_back({.name = absl::StrCat("layers.", i, ".weight"),
                       .shape = {sizes[i + 1], sizes[i]},
                       .init_std = std::sqrt(1.0 / static_cast<double>(sizes[i])),
                       .rows_per_record = 1,
                       .in_body = true});
  }
  return tensors;
}

void Check(FieldChecks& checks) {
  const ModelSpec& model = checks.run().model;
  const std::vector<int64_t>& sizes = model.autoencoder.layer_sizes;
  if (checks.Usable({"model.layer_sizes"}) && sizes.front() != sizes.back()) {
    checks.Report("model.layer_sizes",
                  absl::StrCat("begins with ", sizes.front(), " and ends with ", sizes.back(),
                               "; the first and the last are the width of the data"));
  }
  if (model.gated() && checks.Usable({"model.activation"})) {
    checks.Report("model.activation",
                  "is 'swiglu', which needs a gate beside each layer; allowed: silu, gelu, relu2");
  }
  const DataSpec& data = checks.run().data;
  const bool generated = data.source == DataSource::kVectors && data.paths.empty();
  if (generated && checks.Usable({"model.layer_sizes", "data.intrinsic_dim"}) &&
      data.intrinsic_dim > sizes.front()) {
    checks.Report(checks.Latest({"data.intrinsic_dim", "model.layer_sizes"}),
                  absl::StrCat("intrinsic_dim is ", data.intrinsic_dim,
                               ", more than the width of the vectors, ", sizes.front()));
  }
}

const ModelKind kAutoencoder = {
    .name = "autoencoder",
    .summary = "Linear layers through a bottleneck, from vectors to the same vectors.",
    .presets = {Preset{"autoencoder-16",
                       "64 values through a bottleneck of 4: 4.4 thousand parameters.",
                       {{"layer_sizes", "[64, 32, 4, 32, 64]"}, {"activation", "\"silu\""}}}},
    .data_sources = {"vectors"},
    .metrics = {metric::kValLoss},
    .fields = Fields,
    .shared_fields = {"activation", "initialize_from"},
    .tensors = Tensors,
    .check = Check,
};
const ModelKindRegistration registration(kAutoencoder);

}  // namespace
}  // namespace fp4::spec
