#include "trainer/model/rotary.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::trainer {
namespace {

spec::ModelSpec Model(spec::RotaryAxis axis) {
  spec::ModelSpec model;
  model.d_model = 32;
  model.num_heads = 2;
  model.sequence_length = 5;
  model.rotary_axis = axis;
  return model;
}

TEST(RotaryTest, FullTableFallsFromOneByPowers) {
  std::vector<double> table = RotaryFrequencyTable(spec::RotaryFrequencies::kFull, 8);
  ASSERT_EQ(table.size(), 4u);
  EXPECT_DOUBLE_EQ(table[0], 1.0);
  EXPECT_NEAR(table[1], 0.1, 1e-15);
  EXPECT_NEAR(table[3], 0.001, 1e-15);
}

TEST(RotaryTest, HalfTruncatedTableReachesTheBaseAndThenStandsStill) {
  std::vector<double> table = RotaryFrequencyTable(spec::RotaryFrequencies::kHalfTruncated, 16);
  ASSERT_EQ(table.size(), 8u);
  EXPECT_DOUBLE_EQ(table[0], 1.0);
  EXPECT_NEAR(table[3], 1e-4, 1e-18);
  for (int i = 4; i < 8; ++i) EXPECT_EQ(table[i], 0.0);
}

TEST(RotaryTest, TurnsTheHalvesOfEachHeadByPositionTimesFrequency) {
  RotaryTable table = MakeRotaryTable(Model(spec::RotaryAxis::kSequence), at::kCPU);
  at::Tensor qkv = at::randn({1, 5, 96}, at::kFloat);
  at::Tensor q = SplitHeads(qkv, {2, 2}, table)[0];  // (1, 2, 5, 16)

  double frequency = std::pow(10000.0, -2.0 * 3 / 16);
  double angle = 4 * frequency;
  double a = qkv[0][4][16 + 3].item<double>(), b = qkv[0][4][16 + 8 + 3].item<double>();
  EXPECT_NEAR(q[0][1][4][3].item<double>(), a * std::cos(angle) + b * std::sin(angle), 1e-6);
  EXPECT_NEAR(q[0][1][4][11].item<double>(), b * std::cos(angle) - a * std::sin(angle), 1e-6);
}

TEST(RotaryTest, AlongTheHeadsEveryTokenTurnsAlike) {
  RotaryTable table = MakeRotaryTable(Model(spec::RotaryAxis::kHeads), at::kCPU);
  at::Tensor qkv = at::ones({1, 5, 96}, at::kFloat);
  at::Tensor k = SplitHeads(qkv, {2, 2}, table)[1];
  EXPECT_TRUE(at::equal(k[0][1][0], k[0][1][4]));
  EXPECT_FALSE(at::equal(k[0][0][0], k[0][1][0]));
}

TEST(RotaryTest, WithoutRotationHeadsAndGradientsAreThoseOfQkv) {
  RotaryTable table = MakeRotaryTable(Model(spec::RotaryAxis::kNone), at::kCPU);
  at::Tensor qkv = at::randn({2, 5, 96}, at::kFloat).requires_grad_(true);
  at::Tensor q = SplitHeads(qkv, {2, 2}, table)[0];  // (2, 2, 5, 16)
  EXPECT_TRUE(at::equal(q[1][1][4], qkv[1][4].slice(0, 16, 32)));
  q.sum().backward();
  EXPECT_EQ(qkv.grad().sum().item<double>(), 2 * 5 * 32);
}

TEST(RotaryTest, GroupedKeysAndValuesFollowTheQueriesAndTurnLikeThem) {
  for (spec::RotaryAxis axis : {spec::RotaryAxis::kSequence, spec::RotaryAxis::kHeads}) {
    RotaryTable table = MakeRotaryTable(Model(axis), at::kCPU);
    at::Tensor qkv = at::randn({2, 5, 96}, at::kFloat);
    std::vector<at::Tensor> all = SplitHeads(qkv, {2, 2}, table);
    at::Tensor first_of_each = at::cat(
        {qkv.narrow(2, 0, 32), qkv.narrow(2, 32, 16), qkv.narrow(2, 64, 16)}, 2);  // q, k, v
    std::vector<at::Tensor> grouped = SplitHeads(first_of_each, {2, 1}, table);
    EXPECT_TRUE(at::equal(grouped[0], all[0]));
    EXPECT_TRUE(at::equal(grouped[1], all[1].narrow(1, 0, 1)));
    EXPECT_TRUE(at::equal(grouped[2], all[2].narrow(1, 0, 1)));
  }
}

class RotaryBackwardTest : public testing::TestWithParam<int64_t> {};

TEST_P(RotaryBackwardTest, IsTheTransposedRotation) {
  RotaryTable table = MakeRotaryTable(Model(spec::RotaryAxis::kSequence), at::kCPU);
  at::Tensor qkv = at::randn({2, 5, 32 + 2 * 16 * GetParam()}, at::kFloat).requires_grad_(true);
  std::vector<at::Tensor> heads = SplitHeads(qkv, {2, GetParam()}, table);
  std::vector<at::Tensor> gradients;
  at::Tensor product = at::zeros({}, at::kDouble);
  for (const at::Tensor& head : heads) {
    gradients.push_back(at::randn_like(head));
    product += (head.detach() * gradients.back()).sum(at::kDouble);
  }
  torch::autograd::backward({heads[0], heads[1], heads[2]}, gradients);
  double adjoint = (qkv.grad() * qkv.detach()).sum(at::kDouble).item<double>();
  EXPECT_NEAR(product.item<double>(), adjoint, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(KeyValueHeads, RotaryBackwardTest, testing::Values(1, 2));

}  // namespace
}  // namespace fp4::trainer
