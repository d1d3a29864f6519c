#include "trainer/model/convnet.h"

#include "absl/strings/str_cat.h"
#include "trainer/model/head_loss.h"
#include "trainer/random_tensors.h"

namespace fp4::trainer {
namespace {

std::string StageName(int64_t index) { return absl::StrCat("stages.", index, "."); }

at::Tensor MeanPool2x2(const at::Tensor& x) {  // (B, H, W, C)
  return x.view({x.size(0), x.size(1) / 2, 2, x.size(2) / 2, 2, x.size(3)}).mean({2, 4});
}

}  // namespace

Convnet::Stage::Stage(int64_t index, const ModelParts& parts)
    : compute_type_(parts.compute_type),
      convolution_(MakeLinear(StageName(index) + "conv", parts), parts.run.model.convnet.kernel),
      norm_(spec::Norm::kRmsNorm, parts.run.model.norm_eps,
            parts.parameters.Master(StageName(index) + "norm.weight"), at::kFloat) {}

at::Tensor Convnet::Stage::Compute(const at::Tensor& x) {
  return Behind(convolution_.Forward(x.to(compute_type_)));
}

at::Tensor Convnet::Stage::Behind(const at::Tensor& y) const {
  return MeanPool2x2(at::relu(norm_.Forward(y)));
}

Convnet::Convnet(const ModelParts& parts)
    : Model(parts.context, parts.backend),
      image_size_(parts.run.model.convnet.image_size),
      compute_type_(parts.compute_type),
      checkpointing_(parts.run.training.activation_checkpointing),
      classifier_(MakeLinear("classifier", parts)) {
  std::vector<QuantizedLayer*> layers;
  for (size_t i = 0; i < parts.run.model.convnet.channels.size(); ++i) {
    stages_.push_back(std::make_unique<Stage>(static_cast<int64_t>(i), parts));
    layers.push_back(&stages_.back()->linear());
  }
  layers.push_back(classifier_.get());
  SetLayers(std::move(layers), parts.run.layers);
}

at::Tensor Convnet::Hidden(const at::Tensor& images) {
  return HiddenFrom(0, images.permute({0, 2, 3, 1}).contiguous());
}

at::Tensor Convnet::HiddenFrom(size_t stage, at::Tensor x) {
  for (; stage < stages_.size(); ++stage)
    x = checkpointing_ ? ComputeRecomputed(*stages_[stage], x) : stages_[stage]->Compute(x);
  return x.mean({1, 2}).to(compute_type_);
}

LossSums Convnet::ForwardBackward(const Batch& batch, double scale) {
  at::Tensor hidden = Hidden(batch.inputs);
  HeadGradient head = HeadLossAndGradient(*classifier_, hidden.detach(), batch.targets, scale);
  torch::autograd::backward({hidden}, {head.hidden});
  return head.sums;
}

LossSums Convnet::Evaluate(const Batch& batch) {
  at::NoGradGuard no_grad;
  return HeadLoss(*classifier_, Hidden(batch.inputs), batch.targets);
}

at::Tensor Convnet::SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) {
  at::NoGradGuard no_grad;
  const at::Tensor uniform = UniformTensor(batch.targets.numel(), key, counter);
  return SampleHeadTargets(*classifier_, Hidden(batch.inputs), uniform.to(batch.targets.device()));
}

at::Tensor Convnet::LogitsBehind(const std::string& layer, const at::Tensor& output) {
  at::NoGradGuard no_grad;
  if (layer == classifier_->name()) return output;
  int64_t size = image_size_;
  size_t stage = 0;
  for (; stages_[stage]->linear().name() != layer; ++stage) size /= 2;
  const at::Tensor behind = stages_[stage]->Behind(output.view({-1, size, size, output.size(1)}));
  const at::Tensor hidden = HiddenFrom(stage + 1, behind);
  return classifier_->Fprop(classifier_->Input(hidden)).to(at::kFloat);
}

namespace {
const ModelRegistration convnet_registration("convnet", MakeModelOf<Convnet>);
}  // namespace

}  // namespace fp4::trainer
