#include "trainer/model/patches.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

class PatchesTest : public testing::TestWithParam<int64_t> {
 protected:
  PatchesTest() { at::manual_seed(1); }
  const int64_t kernel_ = GetParam();
  const at::Tensor x_ = at::randn({2, 4, 6, 3}, at::kFloat);
};

TEST_P(PatchesTest, HoldWhatANaiveLoopFinds) {
  const at::Tensor patches = Unfold(x_, kernel_);
  ASSERT_EQ(patches.sizes(), at::IntArrayRef({2 * 4 * 6, 3 * kernel_ * kernel_}));
  const auto found = patches.accessor<float, 2>();
  const auto x = x_.accessor<float, 4>();
  for (int64_t row = 0; row < patches.size(0); ++row) {
    const int64_t b = row / 24, y = row / 6 % 4, column = row % 6;
    for (int64_t element = 0; element < patches.size(1); ++element) {
      const int64_t channel = element / (kernel_ * kernel_);
      const int64_t at_y = y + element / kernel_ % kernel_ - kernel_ / 2;
      const int64_t at_x = column + element % kernel_ - kernel_ / 2;
      const bool inside = at_y >= 0 && at_y < 4 && at_x >= 0 && at_x < 6;
      ASSERT_EQ(found[row][element], inside ? x[b][at_y][at_x][channel] : 0.0F)
          << row << " " << element;
    }
  }
}

TEST_P(PatchesTest, HaveTheOrderOfPyTorchsUnfold) {
  const at::Tensor theirs = at::im2col(x_.permute({0, 3, 1, 2}).contiguous(), {kernel_, kernel_},
                                       {1, 1}, {kernel_ / 2, kernel_ / 2}, {1, 1});
  EXPECT_TRUE(
      at::equal(Unfold(x_, kernel_), theirs.transpose(1, 2).reshape({48, 3 * kernel_ * kernel_})));
}

// <Unfold(x), p> = <x, Fold(p)> for every p.
TEST_P(PatchesTest, FoldIsTheAdjoint) {
  const at::Tensor x = x_.to(at::kDouble);
  const at::Tensor p = at::randn({48, 3 * kernel_ * kernel_}, at::kDouble);
  const double there = (Unfold(x, kernel_) * p).sum().item<double>();
  const double back = (x * Fold(p, x.sizes(), kernel_)).sum().item<double>();
  EXPECT_NEAR(there, back, 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Kernels, PatchesTest, testing::Values(1, 3, 5, 9));

}  // namespace
}  // namespace fp4::trainer
