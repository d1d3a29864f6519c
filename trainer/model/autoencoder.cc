#include "trainer/model/autoencoder.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "trainer/model/activation.h"
#include "trainer/random_tensors.h"

namespace fp4::trainer {
namespace {

struct Errors {
  at::Tensor error;  // output - target, fp32
  LossSums sums;
};

Errors Compare(const at::Tensor& output, const at::Tensor& targets) {
  Errors result;
  result.error = output.to(at::kFloat) - targets;
  result.sums.loss = result.error.square().sum(at::kDouble);
  result.sums.correct = at::zeros({}, targets.options().dtype(at::kLong));
  return result;
}

}  // namespace

at::Tensor Autoencoder::Layer::Compute(const at::Tensor& x) {
  const at::Tensor y = linear_->Forward(x);
  return activation_ ? Activate(*activation_, y) : y;
}

Autoencoder::Autoencoder(const ModelParts& parts)
    : Model(parts.context, parts.backend),
      compute_type_(parts.compute_type),
      checkpointing_(parts.run.training.activation_checkpointing) {
  const std::vector<int64_t>& sizes = parts.run.model.autoencoder.layer_sizes;
  const int64_t narrowest = parts.run.model.autoencoder.narrowest_layer();
  const auto last = static_cast<int64_t>(sizes.size()) - 2;
  std::vector<QuantizedLayer*> layers;
  for (int64_t i = 0; i <= last; ++i) {
    const bool activated = i != narrowest && i != last;
    layers_.push_back(std::make_unique<Layer>(
        MakeLinear(absl::StrCat("layers.", i), parts),
        activated ? std::optional(parts.run.model.activation) : std::nullopt));
    layers.push_back(&layers_.back()->linear());
  }
  SetLayers(std::move(layers), parts.run.layers);
}

at::Tensor Autoencoder::Output(const at::Tensor& vectors) {
  at::Tensor x = vectors.to(compute_type_);
  for (const auto& layer : layers_)
    x = checkpointing_ ? ComputeRecomputed(*layer, x) : layer->Compute(x);
  return x;
}

LossSums Autoencoder::ForwardBackward(const Batch& batch, double scale) {
  const at::Tensor output = Output(batch.inputs);
  const Errors errors = Compare(output.detach(), batch.targets);
  // Where every layer is frozen there is nothing to differentiate.
  if (output.requires_grad())
    torch::autograd::backward({output}, {(errors.error * (2 * scale)).to(output.scalar_type())});
  return errors.sums;
}

LossSums Autoencoder::Evaluate(const Batch& batch) {
  at::NoGradGuard no_grad;
  return Compare(Output(batch.inputs), batch.targets).sums;
}

// The squared error is the negative logarithm of a normal distribution of variance 1/2.
at::Tensor Autoencoder::SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) {
  at::NoGradGuard no_grad;
  const at::Tensor output = Output(batch.inputs).to(at::kFloat);
  const at::Tensor normal = NormalTensor(output.numel(), key, counter).to(output.device());
  return output + std::sqrt(0.5) * normal.view_as(output);
}

namespace {
const ModelRegistration autoencoder_registration("autoencoder", MakeModelOf<Autoencoder>);
}  // namespace

}  // namespace fp4::trainer
