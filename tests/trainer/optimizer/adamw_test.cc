#include "trainer/optimizer/adamw.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::trainer {
namespace {

spec::ModelSpec TinyModel() {
  spec::ModelSpec model;
  model.d_model = 8;
  model.num_layers = 1;
  model.num_heads = 1;
  model.d_ff = 8;
  model.vocab_size = 16;
  return model;
}

spec::OptimizerSpec Spec() {
  spec::OptimizerSpec spec;
  spec.beta1 = 0.9;
  spec.beta2 = 0.95;
  spec.eps = 1e-8;
  spec.weight_decay = 0.1;
  return spec;
}

class AdamWTest : public testing::Test {
 protected:
  ParameterSet parameters_{TinyModel(), 1, at::kCPU};
  at::Tensor embedding_ = parameters_.Master("embedding.weight");
  at::Tensor norm_ = parameters_.Master("final_norm.weight");
};

TEST_F(AdamWTest, ThreeUpdatesFollowTheDefinition) {
  AdamW optimizer(Spec(), parameters_);
  double p = embedding_[3][2].item<double>(), m = 0, v = 0;
  for (int t = 1; t <= 3; ++t) {
    double gradient = 0.5 * t - 0.8, rate = 0.01 * t;
    embedding_.mutable_grad() = at::full_like(embedding_, gradient).detach();
    optimizer.Step(rate);
    p *= 1 - rate * 0.1;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.95 * v + 0.05 * gradient * gradient;
    p -= rate / (1 - std::pow(0.9, t)) * m / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8);
    EXPECT_NEAR(embedding_[3][2].item<double>(), p, 1e-7) << t;
  }
}

TEST_F(AdamWTest, TensorWithoutAGradientKeepsItsBitsAndHasNoState) {
  AdamW optimizer(Spec(), parameters_);
  at::Tensor before = norm_.detach().clone();
  embedding_.mutable_grad() = at::ones_like(embedding_).detach();
  optimizer.Step(0.1);
  EXPECT_TRUE(at::equal(norm_, before));
  EXPECT_TRUE(optimizer.states().front().defined());
  EXPECT_FALSE(optimizer.states().back().defined());
}

TEST_F(AdamWTest, VectorsDecayOnlyWhereAllDo) {
  for (bool all : {false, true}) {
    spec::OptimizerSpec spec = Spec();
    spec.weight_decay_on = all ? spec::DecayOn::kAll : spec::DecayOn::kMatrices;
    ParameterSet parameters(TinyModel(), 1, at::kCPU);
    at::Tensor norm = parameters.Master("final_norm.weight");
    norm.mutable_grad() = at::zeros_like(norm).detach();
    AdamW(spec, parameters).Step(0.5);
    EXPECT_FLOAT_EQ(norm[0].item<float>(), all ? 0.95f : 1.0f);
  }
}

TEST_F(AdamWTest, ClippingScalesAllGradientsToTheLimit) {
  embedding_.mutable_grad() = at::full_like(embedding_, 3.0).detach();
  norm_.mutable_grad() = at::full_like(norm_, 4.0).detach();
  double norm = GradientNorm(parameters_).item<double>();
  EXPECT_NEAR(norm, std::sqrt(128 * 9.0 + 8 * 16.0), 1e-4);
  ClipGradients(parameters_, norm, 1.0);
  EXPECT_NEAR(GradientNorm(parameters_).item<double>(), 1.0, 1e-5);
  EXPECT_NEAR(norm_.grad()[0].item<double>(), 4.0 / (norm + 1e-6), 1e-7);
}

TEST_F(AdamWTest, GradientsBelowTheLimitAreLeftAlone) {
  norm_.mutable_grad() = at::full_like(norm_, 0.125).detach();
  ClipGradients(parameters_, GradientNorm(parameters_).item<double>(), 1.0);
  EXPECT_EQ(norm_.grad()[0].item<float>(), 0.125f);
}

TEST(ParameterSetTest, InitialValuesDependOnSeedAndNameAlone) {
  spec::ModelSpec model = TinyModel(), wider = TinyModel();
  wider.num_layers = 3;
  wider.tie_embeddings = false;
  ParameterSet one(model, 7, at::kCPU), same(wider, 7, at::kCPU), other(model, 8, at::kCPU);
  const char* name = "blocks.0.mlp.up.weight";
  EXPECT_TRUE(at::equal(one.Master(name), same.Master(name)));
  EXPECT_FALSE(at::equal(one.Master(name), other.Master(name)));
  EXPECT_FALSE(at::equal(one.Master(name), one.Master("blocks.0.mlp.down.weight")));
}

TEST(ParameterSetTest, InitialValuesAreNormalWithTheGivenDeviation) {
  spec::ModelSpec model = TinyModel();
  model.vocab_size = 100'000;
  at::Tensor values =
      ParameterSet(model, 7, at::kCPU).Master("embedding.weight").detach().to(at::kDouble) / 0.02;
  EXPECT_NEAR(values.mean().item<double>(), 0.0, 0.005);
  EXPECT_NEAR(values.square().mean().item<double>(), 1.0, 0.01);
  EXPECT_NEAR(values.pow(4).mean().item<double>(), 3.0, 0.05);
}

}  // namespace
}  // namespace fp4::trainer
