#include "trainer/model/parameters.h"

#include <gtest/gtest.h>

#include <tuple>

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

class ParameterTypesTest
    : public testing::TestWithParam<std::tuple<at::ScalarType, at::ScalarType>> {};

TEST_P(ParameterTypesTest, GradientsAreKeptInTheirOwnTypeWhateverTheMasters) {
  const auto [masters, gradients] = GetParam();
  const ParameterSet parameters(TinyModel(), 1, at::kCPU, {masters, gradients});
  const at::Tensor norm = parameters.Master("final_norm.weight");
  ASSERT_EQ(norm.scalar_type(), masters);
  const double step = 1.0 + 0x1p-10;  // bf16 has no such number

  // Two micro-batches by autograd, then a sum that autograd does not see.
  for (int i = 0; i < 2; ++i) (InFp32(norm) * step).sum().backward();
  AddToGradient(norm, at::full_like(norm, 2 * step, at::kFloat));

  ASSERT_EQ(norm.grad().scalar_type(), gradients);
  EXPECT_EQ(norm.grad()[0].item<float>(), gradients == at::kFloat ? 4 * step : 4.0);
}

TEST_P(ParameterTypesTest, FirstGradientMayComeFromOutsideOfAutograd) {
  const auto [masters, gradients] = GetParam();
  const ParameterSet parameters(TinyModel(), 1, at::kCPU, {masters, gradients});
  const at::Tensor norm = parameters.Master("final_norm.weight");
  AddToGradient(norm, at::ones_like(norm, at::kFloat));
  (InFp32(norm) * 2).sum().backward();
  EXPECT_EQ(norm.grad().scalar_type(), gradients);
  EXPECT_EQ(norm.grad()[0].item<float>(), 3.0f);
}

INSTANTIATE_TEST_SUITE_P(Types, ParameterTypesTest,
                         testing::Combine(testing::Values(at::kFloat, at::kBFloat16),
                                          testing::Values(at::kFloat, at::kBFloat16)));

TEST(ParameterSetTest, Bf16MastersBeginAtTheNearestOfTheSameValues) {
  const ParameterSet fp32(TinyModel(), 7, at::kCPU);
  const ParameterSet bf16(TinyModel(), 7, at::kCPU, {.masters = at::kBFloat16});
  const char* name = "blocks.0.mlp.up.weight";
  EXPECT_TRUE(at::equal(bf16.Master(name), fp32.Master(name).to(at::kBFloat16)));
}

}  // namespace
}  // namespace fp4::trainer
