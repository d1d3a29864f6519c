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
  spec.learning_rate = 1.0;
  return spec;
}

// A schedule whose only rate is `rate` times the peak; the peak is 1.
UpdateRate Constant(double rate) {
  static spec::LearningRateSpec schedule;
  schedule.name = spec::Schedule::kLinear;
  schedule.min_factor = rate;
  return {schedule, 1, 1};
}

class AdamWTest : public testing::Test {
 protected:
  ParameterSet parameters_{TinyModel(), 1, at::kCPU};
  at::Tensor embedding_ = parameters_.Master("embedding.weight");
  at::Tensor norm_ = parameters_.Master("final_norm.weight");
};

TEST_F(AdamWTest, ThreeUpdatesFollowTheDefinition) {
  AdamW optimizer(Spec(), parameters_.all());
  double p = embedding_[3][2].item<double>(), m = 0, v = 0;
  for (int t = 1; t <= 3; ++t) {
    double gradient = 0.5 * t - 0.8, rate = 0.01 * t;
    embedding_.mutable_grad() = at::full_like(embedding_, gradient).detach();
    optimizer.Step(Constant(rate));
    p *= 1 - rate * 0.1;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.95 * v + 0.05 * gradient * gradient;
    p -= rate / (1 - std::pow(0.9, t)) * m / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8);
    EXPECT_NEAR(embedding_[3][2].item<double>(), p, 1e-7) << t;
  }
}

TEST_F(AdamWTest, TensorWithoutAGradientKeepsItsBitsAndHasNoState) {
  AdamW optimizer(Spec(), parameters_.all());
  at::Tensor before = norm_.detach().clone();
  embedding_.mutable_grad() = at::ones_like(embedding_).detach();
  optimizer.Step(Constant(0.1));
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
    AdamW(spec, parameters.all()).Step(Constant(0.5));
    EXPECT_FLOAT_EQ(norm[0].item<float>(), all ? 0.95f : 1.0f);
  }
}

}  // namespace
}  // namespace fp4::trainer
