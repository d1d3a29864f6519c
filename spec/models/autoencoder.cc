// Vectors to the same vectors: linear layers with the activation between them, none after the first
// narrowest layer and after the last.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/metric_names.h"
#include "spec/budget/training_memory.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {

int64_t AutoencoderSpec::narrowest_layer() const {
  return std::min_element(layer_sizes.begin() + 1, layer_sizes.end()) - layer_sizes.begin() - 1;
}

namespace {

std::string NumberedLayer(int64_t number) { return absl::StrCat("layers.", number); }

std::string SizesChange(const std::vector<int64_t>& sizes) {
  return absl::StrCat(R"({"layer_sizes":[)", absl::StrJoin(sizes, ","), "]}");
}

// A wider or deeper autoencoder has its activations where the other has them only if its narrowest
// layer is the same one.
void AddIfNarrowestStays(CapacityMove move, const std::vector<int64_t>& sizes, int64_t narrowest,
                         std::vector<CapacityMove>& moves) {
  if (AutoencoderSpec{sizes}.narrowest_layer() != narrowest) return;
  move.model_change = SizesChange(sizes);
  moves.push_back(std::move(move));
}

std::vector<CapacityMove> Capacity(const ModelSpec& model) {
  const std::vector<int64_t>& sizes = model.autoencoder.layer_sizes;
  const int64_t narrowest = model.autoencoder.narrowest_layer();
  std::vector<CapacityMove> moves;
  for (int64_t layer = 0; layer + 2 < static_cast<int64_t>(sizes.size()); ++layer) {
    const std::string own = NumberedLayer(layer), next = NumberedLayer(layer + 1);
    for (const int64_t units : {1, 2, 4}) {
      std::vector<int64_t> wider = sizes;
      wider[static_cast<size_t>(layer) + 1] += units;
      AddIfNarrowestStays(
          {.layer = own,
           .units = units,
           .places = {{.source = own, .target = next, .linear = layer == narrowest}}},
          wider, narrowest, moves);
    }
    const int64_t width = sizes[static_cast<size_t>(layer) + 1];
    std::vector<int64_t> deeper = sizes;
    deeper.insert(deeper.begin() + layer + 1, width);
    AddIfNarrowestStays({.adds_layer = true,
                         .layer = own,
                         .units = width,
                         .places = {{.source = next, .target = next, .before_target = true}},
                         .renumbers_after = layer},
                        deeper, layer < narrowest ? narrowest + 1 : narrowest, moves);
  }
  return moves;
}

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

// Backward goes from the last layer to the first. At one of them there are the inputs of all layers
// before it, and the outputs of those that are activated; the batch, the output, its error and its
// gradient; the gradients of the layer's output, input and weight. With checkpointing the layer's
// output was made again.
int64_t ActivationBytes(const RunSpec& run) {
  const std::vector<int64_t>& sizes = run.model.autoencoder.layer_sizes;
  const int64_t value = BytesOf(run.training.compute_dtype), rows = run.training.micro_batch_size;
  const bool again = run.training.activation_checkpointing;
  const int64_t narrowest = run.model.autoencoder.narrowest_layer();
  const int64_t last = std::ssize(sizes) - 2;
  constexpr int64_t kFp32 = 4;
  // A row of what is there throughout; the input in the compute type is the batch itself in fp32.
  int64_t kept = sizes.front() * (2 * kFp32 + 2 * value + (value == kFp32 ? 0 : value));
  int64_t most = 0;
  for (int64_t i = 0; i <= last; ++i) {
    const int64_t in = sizes[static_cast<size_t>(i)], out = sizes[static_cast<size_t>(i) + 1];
    const bool activated = i != narrowest && i != last;
    if (i > 0) kept += in * value;
    int64_t now = i > 0 ? in * value : 0;  // the gradient of the input
    if (i < last) now += out * value;      // that of the output; the last one's is kept
    if (again) now += out * value + (activated ? out * value : 0);
    most = std::max(most, rows * (kept + now) + in * out * WeightGradientBytes(value));
    if (activated && !again) kept += out * value;
  }
  return most;
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
    .activation_bytes = ActivationBytes,
    .capacity = Capacity,
    .check = Check,
};
const ModelKindRegistration registration(kAutoencoder);

}  // namespace
}  // namespace fp4::spec
