#include "trainer/roofline/products.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

spec::RunSpec SmallRun() {
  spec::RunSpec run;
  run.model.d_model = 32;
  run.model.num_layers = 3;
  run.model.num_heads = 4;
  run.model.d_ff = 64;
  run.model.vocab_size = 40;
  run.model.sequence_length = 16;
  run.training.micro_batch_size = 2;
  return run;
}

TEST(ProductsOf, CountsEqualLayersOnceAndHasEachOfTheThree) {
  const std::vector<Product> products = ProductsOf(SmallRun());
  ASSERT_EQ(products.size(), 5U * 3U);  // qkv, out, up, down of three blocks, and the head
  const Product& fprop = products[0];
  EXPECT_EQ(fprop.layers, "blocks.*.attention.qkv");
  EXPECT_EQ(fprop.count, 3);
  EXPECT_EQ(std::tuple(fprop.m, fprop.k, fprop.n), std::tuple(32, 32, 96));
  EXPECT_EQ(std::tuple(products[1].m, products[1].k, products[1].n), std::tuple(32, 96, 32));
  EXPECT_EQ(std::tuple(products[2].m, products[2].k, products[2].n), std::tuple(96, 32, 32));
  EXPECT_EQ(products.back().layers, "lm_head");
  EXPECT_EQ(products.back().count, 1);
}

TEST(ProductsOf, AFrozenLayerHasNoWgrad) {
  spec::RunSpec run = SmallRun();
  for (int i = 0; i < 3; ++i) {
    spec::LayerPrecision& row = run.layers.emplace_back();
    row.layer = "blocks." + std::to_string(i) + ".mlp.up";
    row.estimator = spec::Estimator::kNone;
  }
  EXPECT_EQ(ProductsOf(run).size(), 5U * 3U - 1U);
}

TEST(Bound, IsTheSlowerOfMemoryAndArithmetic) {
  const Product product{.layers = "a", .m = 100, .k = 200, .n = 50};
  EXPECT_EQ(product.flop(), 2e6);
  EXPECT_EQ(product.bytes(32, 32), 4.0 * (20000 + 10000 + 5000));
  const Bound arithmetic = BoundOf(product, 32, /*flops=*/1e9, /*bandwidth=*/1e9);
  EXPECT_FALSE(arithmetic.by_memory());
  EXPECT_DOUBLE_EQ(arithmetic.seconds(), 2e-3);
  const Bound memory = BoundOf(product, 32, 1e12, 1e9);
  EXPECT_TRUE(memory.by_memory());
  EXPECT_DOUBLE_EQ(memory.seconds(), 1.4e-4);
}

TEST(Bound, InFourBitsOperandsShrinkAndArithmeticIsFaster) {
  const Product wgrad{.layers = "a", .gemm = spec::Gemm::kWgrad, .m = 100, .k = 200, .n = 50};
  const Bound bound = FourBitBoundOf(wgrad, 16, 1e9, 1e9);
  EXPECT_DOUBLE_EQ(bound.arithmetic, 2e-3 / kFourBitSpeed);
  // The gradient stays fp32.
  EXPECT_DOUBLE_EQ(bound.memory, (30000 * kFourBits / 8 + 5000 * 4) / 1e9);
}

}  // namespace
}  // namespace fp4::trainer
