// Images to classes: stages of convolution (kernel x kernel, stride 1, same padding), RMS norm over
// channels, ReLU and 2x2 mean pooling; then the mean over the plane and a linear classifier. A
// convolution is a GEMM over unfolded patches: (out, in kernel kernel), one row for each pixel.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/budget/training_memory.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {
namespace {

Field OfConvnet(std::string name, Type type, int64_t ConvnetSpec::*member, std::string doc) {
  return FromPreset(Field{.name = std::move(name),
                          .doc = std::move(doc),
                          .type = std::move(type),
                          .later = true,
                          .store = [member](const Node& node, RunSpec& run) {
                            run.model.convnet.*member = AsInteger(node);
                          }});
}

std::vector<Field> Fields() {
  return {
      FromPreset(
          Field{.name = "channels",
                .doc = "Output channels of each stage; the image is halved after each.",
                .type = ListOf(Integer(1, 65536), 1, 12, false),
                .later = true,
                .store = [](const Node& node,
                            RunSpec& run) { run.model.convnet.channels = AsIntegers(node); }}),
      OfConvnet("kernel", Integer(1, 31), &ConvnetSpec::kernel,
                "Width and height of a convolution; odd, so that the plane keeps its size."),
      OfConvnet("image_size", Integer(1, 4096), &ConvnetSpec::image_size,
                "Width and height of an image; a multiple of 2 for each stage."),
      OfConvnet("image_channels", Integer(1, 1024), &ConvnetSpec::image_channels,
                "Channels of an image: 1 grey, 3 colours."),
      OfConvnet("num_classes", Integer(2, 1048576), &ConvnetSpec::num_classes,
                "Classes; a label of the data beyond them is an error."),
  };
}

// He et al., arXiv 1502.01852: variance 2 / fan_in.
double InitialStd(int64_t fan_in) { return std::sqrt(2.0 / static_cast<double>(fan_in)); }

std::vector<TensorInfo> Tensors(const ModelSpec& model) {
  const ConvnetSpec& spec = model.convnet;
  std::vector<TensorInfo> tensors;
  int64_t in = spec.image_channels, size = spec.image_size;
  for (size_t i = 0; i < spec.channels.size(); ++i) {
    const int64_t out = spec.channels[i];
    const std::string stage = absl::StrCat("stages.", i, ".");
    tensors.push_back({.name = stage + "conv.weight",
                       .shape = {out, in, spec.kernel, spec.kernel},
                       .init_std = InitialStd(in * spec.kernel * spec.kernel),
                       .rows_per_record = size * size,
                       .in_body = true});
    tensors.push_back({.name = stage + "norm.weight",
                       .role = TensorRole::kNorm,
                       .shape = {out},
                       .in_body = true});
    in = out;
    size /= 2;
  }
  tensors.push_back({.name = "classifier.weight",
                     .shape = {spec.num_classes, in},
                     .init_std = InitialStd(in),
                     .rows_per_record = 1});
  return tensors;
}

void Check(FieldChecks& checks) {
  const ConvnetSpec& spec = checks.run().model.convnet;
  if (checks.Usable({"model.kernel"}) && spec.kernel % 2 == 0) {
    checks.Report("model.kernel", absl::StrCat("is ", spec.kernel, "; allowed: an odd number"));
  }
  if (!checks.Usable({"model.image_size", "model.channels"})) return;
  const int64_t parts = int64_t{1} << spec.channels.size();
  if (spec.image_size % parts == 0) return;
  checks.Report(checks.Latest({"model.image_size", "model.channels"}),
                absl::StrCat("image_size ", spec.image_size, " is no multiple of ", parts,
                             ": each of the ", spec.channels.size(), " stages halves the image"));
}

// Of each stage its input is kept, and its convolution's output three times in fp32: before the
// norm, and after it without and with scale and ReLU; with checkpointing the input alone. Backward
// goes from the last stage to the first: through pooling, ReLU and norm with three gradients of
// that size, then through the convolution with the patches of its input or their gradient.
int64_t ActivationBytes(const RunSpec& run) {
  const ConvnetSpec& spec = run.model.convnet;
  const int64_t value = BytesOf(run.training.compute_dtype), rows = run.training.micro_batch_size;
  const bool again = run.training.activation_checkpointing;
  constexpr int64_t kFp32 = 4;
  int64_t in = spec.image_channels, pixels = spec.image_size * spec.image_size, most = 0;
  int64_t kept = 2 * in * pixels * kFp32;  // the batch, and it with channels last
  for (const int64_t out : spec.channels) {
    const int64_t input_copy = value == kFp32 ? 0 : in * pixels * value;
    const int64_t outputs = out * pixels;
    const int64_t stage = input_copy + outputs * 3 * kFp32 + pixels * kFp32;
    const int64_t norm = kept + stage + outputs * 3 * kFp32;
    const int64_t patches = in * spec.kernel * spec.kernel * pixels * value;
    const int64_t convolution = kept + input_copy + patches + outputs * (value + kFp32);
    most = std::max(
        {most, rows * norm,
         rows * convolution + in * out * spec.kernel * spec.kernel * WeightGradientBytes(value)});
    if (!again) kept += stage;
    in = out;
    pixels /= 4;
    kept += in * pixels * kFp32;
  }
  return most;
}

const ModelKind kConvnet = {
    .name = "convnet",
    .summary = "Convolutions over images, and a classifier.",
    .presets = {Preset{
        "cnn-small",
        "Three stages of 3x3 convolutions over 16x16 grey images: 24 thousand parameters.",
        {{"channels", "[16, 32, 64]"},
         {"kernel", "3"},
         {"image_size", "16"},
         {"image_channels", "1"},
         {"num_classes", "10"}}}},
    .data_sources = {"images"},
    .metrics = {metric::kValLoss, metric::kValAccuracy},
    .fields = Fields,
    .shared_fields = {"norm_eps", "initialize_from"},
    .tensors = Tensors,
    .activation_bytes = ActivationBytes,
    .check = Check,
};
const ModelKindRegistration registration(kConvnet);

}  // namespace
}  // namespace fp4::spec
