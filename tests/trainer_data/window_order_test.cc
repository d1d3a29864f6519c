#include "trainer/data/window_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace fp4::trainer {
namespace {

std::vector<int64_t> Epoch(const WindowOrder& order, int64_t num_windows, int64_t epoch) {
  std::vector<int64_t> windows;
  for (int64_t i = 0; i < num_windows; ++i) windows.push_back(order.At(epoch * num_windows + i));
  return windows;
}

std::vector<int64_t> Ascending(int64_t count) {
  std::vector<int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

class WindowOrderTest : public testing::TestWithParam<int64_t> {};

TEST_P(WindowOrderTest, EveryEpochHoldsEveryWindowOnce) {
  const int64_t num_windows = GetParam();
  const WindowOrder order(num_windows, /*shuffle=*/true, /*seed=*/7);
  for (int64_t epoch : {0, 1, 5}) {
    std::vector<int64_t> windows = Epoch(order, num_windows, epoch);
    std::sort(windows.begin(), windows.end());
    EXPECT_EQ(windows, Ascending(num_windows)) << "epoch " << epoch;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, WindowOrderTest,
                         testing::Values(1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4096, 4097));

TEST(WindowOrder, WithoutShuffleRunsInOrderAndWraps) {
  const WindowOrder order(3, /*shuffle=*/false, /*seed=*/7);
  std::vector<int64_t> windows;
  for (int64_t i = 0; i < 7; ++i) windows.push_back(order.At(i));
  EXPECT_EQ(windows, (std::vector<int64_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(WindowOrder, SeedAndEpochEachChangeTheOrder) {
  const WindowOrder one(1000, true, 1), again(1000, true, 1), two(1000, true, 2);
  EXPECT_EQ(Epoch(one, 1000, 0), Epoch(again, 1000, 0));
  EXPECT_NE(Epoch(one, 1000, 0), Epoch(two, 1000, 0));
  EXPECT_NE(Epoch(one, 1000, 0), Epoch(one, 1000, 1));
}

TEST(WindowOrder, ShufflesWithoutATrend) {
  // The mean of the first tenth of a random order of 0 … 9999: 4999.5 with a deviation of 87.
  const WindowOrder order(10000, true, 3);
  double sum = 0;
  for (int64_t i = 0; i < 1000; ++i) sum += static_cast<double>(order.At(i));
  EXPECT_NEAR(sum / 1000, 4999.5, 4 * 87);
}

TEST(WindowOrder, NeighboursPartCompany) {
  const WindowOrder order(10000, true, 3);
  int adjacent = 0;  // expected: about 2
  for (int64_t i = 0; i + 1 < 10000; ++i) adjacent += std::abs(order.At(i) - order.At(i + 1)) == 1;
  EXPECT_LT(adjacent, 15);
}

TEST(WindowOrder, TakesMoreWindowsThan32BitsCount) {
  const int64_t num_windows = (int64_t{1} << 40) + 1;
  const WindowOrder order(num_windows, true, 3);
  for (int64_t position : {int64_t{0}, num_windows - 1, 3 * num_windows}) {
    EXPECT_GE(order.At(position), 0);
    EXPECT_LT(order.At(position), num_windows);
  }
}

}  // namespace
}  // namespace fp4::trainer
