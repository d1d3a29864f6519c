#include "trainer/model/convnet.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/trainer/model/built_model.h"
#include "trainer/precision/layer_observer.h"

namespace fp4::trainer {
namespace {

constexpr char kModel[] =
    R"("model": {"kind": "convnet", "channels": [6, 5], "kernel": 3, "image_size": 8,
                 "image_channels": 2, "num_classes": 7})";

Batch MakeBatch() {
  at::manual_seed(2);
  return {at::rand({3, 2, 8, 8}, at::kFloat), at::tensor({1, 6, 0}, at::kLong)};
}

// The sum of the cross-entropies, by PyTorch's own convolution, in fp64. `weights` by layer.
at::Tensor PlainLoss(const std::map<std::string, at::Tensor>& weights, const Batch& batch) {
  at::Tensor x = batch.inputs.to(at::kDouble);
  for (const std::string stage : {"stages.0.", "stages.1."}) {
    x = at::conv2d(x, weights.at(stage + "conv"), {}, {1, 1}, {1, 1});
    const at::Tensor scale = weights.at(stage + "norm").view({1, -1, 1, 1});
    x = x / (x.square().mean(1, /*keepdim=*/true) + 1e-6).sqrt() * scale;
    x = at::avg_pool2d(at::relu(x), {2, 2});
  }
  const at::Tensor logits = at::linear(x.mean({2, 3}), weights.at("classifier"));
  return at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::Sum);
}

class ConvnetTest : public testing::TestWithParam<const char*> {};

// Against autograd of a plain graph: the gradient of a quantized weight passes straight through.
TEST_P(ConvnetTest, LossAndGradientsAreThoseOfThePlainGraph) {
  BuiltModel built(std::string(kModel) + GetParam());
  // Norms of other values than one, as after some steps.
  for (const char* norm : {"stages.0.norm.weight", "stages.1.norm.weight"})
    built.parameters.Master(norm).detach().add_(at::rand({1}, at::kFloat) * 0.5);
  const Batch batch = MakeBatch();
  std::map<std::string, at::Tensor> weights;
  for (const Parameter& parameter : built.parameters.all()) {
    const at::Tensor values = parameter.is_layer() ? built.WeightInFprop(parameter.layer())
                                                   : parameter.master.detach().to(at::kDouble);
    weights[parameter.layer()] = values.clone().requires_grad_(true);
  }

  const LossSums sums = built.model->ForwardBackward(batch, 0.25);
  const at::Tensor expected = PlainLoss(weights, batch);
  torch::autograd::backward({expected * 0.25});

  EXPECT_NEAR(sums.loss.item<double>(), expected.item<double>(), 1e-5);
  for (const auto& [layer, weight] : weights)
    EXPECT_TRUE(
        IsClose(built.Gradient(layer + ".weight"),
                weight.grad().flatten(0, -1).view(built.Gradient(layer + ".weight").sizes()), 1e-4))
        << layer;
}

INSTANTIATE_TEST_SUITE_P(Recipes, ConvnetTest,
                         testing::Values("", R"(, "precision": {"default": "fp4"})",
                                         R"(, "training": {"activation_checkpointing": true})",
                                         R"(, "precision": {"rules": [{"match": "**",
                                               "use": "int8"}]})"));

class OperandObserver : public LayerObserver {
 public:
  void Saw(const std::string&, LayerTensor, const at::Tensor&) override {}
  void SawOperand(const std::string& layer, LayerTensor which, const OperandQuantizer&,
                  const at::Tensor&, const at::Tensor& operand) override {
    if (which == LayerTensor::kInput) inputs[layer] = operand.clone();
  }
  std::map<std::string, at::Tensor> inputs;
};

// What the layers give leads to the loss that the model has, whether stages are computed again or
// not.
TEST(Convnet, ALayersOutputIsFollowedToTheLogits) {
  for (const char* again : {"false", "true"}) {
    BuiltModel built(std::string(kModel) + R"(, "training": {"activation_checkpointing": )" +
                     again + "}");
    const Batch batch = MakeBatch();
    OperandObserver observer;
    double loss = 0;
    {
      const ScopedObserver observed(built.context, &observer);
      loss = built.model->Evaluate(batch).loss.item<double>();
    }
    for (const std::string layer : {"stages.0.conv", "stages.1.conv", "classifier"}) {
      const at::Tensor weight = built.WeightInFprop(layer).flatten(1).to(at::kFloat);
      const at::Tensor output = at::mm(observer.inputs.at(layer), weight.t());
      const at::Tensor logits = built.model->LogitsBehind(layer, output);
      const at::Tensor followed =
          at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::Sum);
      EXPECT_NEAR(followed.item<double>(), loss, 1e-4) << layer << ", computed again: " << again;
      EXPECT_FALSE(at::allclose(built.model->LogitsBehind(layer, output * 0.5 + 1), logits));
    }
  }
}

TEST(Convnet, EvaluationCountsWhatIsRight) {
  BuiltModel built(kModel);
  built.model->SetTraining(false);
  const Batch batch = MakeBatch();
  const LossSums sums = built.model->Evaluate(batch);
  int64_t correct = 0;
  for (int64_t label = 0; label < 7; ++label) {
    const Batch guess{batch.inputs, at::full({3}, label, at::kLong)};
    correct += built.model->Evaluate(guess).correct.item<int64_t>();
  }
  EXPECT_EQ(correct, 3);  // each image has one class that is likeliest
  EXPECT_GT(sums.loss.item<double>(), 0);
  EXPECT_FALSE(built.Gradient("classifier.weight").defined());
}

}  // namespace
}  // namespace fp4::trainer
