#include "trainer/model/parameters.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fp4::trainer
