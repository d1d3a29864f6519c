#include "trainer/optimizer/gradients.h"

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

class GradientsTest : public testing::Test {
 protected:
  ParameterSet parameters_{TinyModel(), 1, at::kCPU};
  at::Tensor embedding_ = parameters_.Master("embedding.weight");
  at::Tensor norm_ = parameters_.Master("final_norm.weight");
};

TEST_F(GradientsTest, ClippingScalesAllGradientsToTheLimit) {
  embedding_.mutable_grad() = at::full_like(embedding_, 3.0).detach();
  norm_.mutable_grad() = at::full_like(norm_, 4.0).detach();
  double norm = GradientNorm(parameters_).item<double>();
  EXPECT_NEAR(norm, std::sqrt(128 * 9.0 + 8 * 16.0), 1e-4);
  ClipGradients(parameters_, norm, 1.0);
  EXPECT_NEAR(GradientNorm(parameters_).item<double>(), 1.0, 1e-5);
  EXPECT_NEAR(norm_.grad()[0].item<double>(), 4.0 / (norm + 1e-6), 1e-7);
}

TEST_F(GradientsTest, GradientsBelowTheLimitAreLeftAlone) {
  norm_.mutable_grad() = at::full_like(norm_, 0.125).detach();
  ClipGradients(parameters_, GradientNorm(parameters_).item<double>(), 1.0);
  EXPECT_EQ(norm_.grad()[0].item<float>(), 0.125f);
}

TEST_F(GradientsTest, ModelWithoutGradientsHasANormOfZero) {
  norm_.mutable_grad() = at::full_like(norm_, 0.125).detach();
  ClearGradients(parameters_);
  EXPECT_EQ(GradientNorm(parameters_).item<double>(), 0.0);
}

TEST_F(GradientsTest, NormOfBf16GradientsIsSummedInFp32) {
  norm_.mutable_grad() = at::full_like(norm_, 3.0, at::kBFloat16).detach();
  embedding_.mutable_grad() = at::full_like(embedding_, 1.0, at::kBFloat16).detach();
  const at::Tensor norm = GradientNorm(parameters_);
  EXPECT_EQ(norm.scalar_type(), at::kFloat);
  EXPECT_NEAR(norm.item<double>(), std::sqrt(8 * 9.0 + 128), 1e-5);
}

TEST_F(GradientsTest, UnscalingAndFinitenessConcernAllGradients) {
  norm_.mutable_grad() = at::full_like(norm_, 3.0).detach();
  embedding_.mutable_grad() = at::full_like(embedding_, 8.0).detach();
  UnscaleGradients(parameters_, 1024.0);
  EXPECT_EQ(norm_.grad()[0].item<float>(), 3.0f / 1024);
  EXPECT_EQ(embedding_.grad()[0][0].item<float>(), 8.0f / 1024);
  EXPECT_TRUE(GradientsAreFinite(parameters_));
  embedding_.mutable_grad()[3][1] = INFINITY;
  EXPECT_FALSE(GradientsAreFinite(parameters_));
}

}  // namespace
}  // namespace fp4::trainer
