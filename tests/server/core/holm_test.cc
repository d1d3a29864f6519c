#include "server/core/holm.h"

#include <gtest/gtest.h>

namespace fp4::core {
namespace {

std::vector<VariantTests> Differences(std::initializer_list<double> p) {
  std::vector<VariantTests> tests;
  for (double one : p) tests.push_back({.p_difference = one, .p_margin = {}});
  return tests;
}

// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
TEST(AdjustForAll, WithoutMarginsIsHolm) {
  const auto adjusted = AdjustForAll(Differences({0.01, 0.04, 0.03, 0.005}));
  const double expected[] = {0.03, 0.06, 0.06, 0.02};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(*adjusted[i].p_difference, expected[i], 1e-15) << i;
}

TEST(AdjustForAll, NeverExceedsOne) {
  const auto adjusted = AdjustForAll(Differences({0.9, 0.8}));
  EXPECT_EQ(adjusted[0].p_difference, 1);
  EXPECT_EQ(adjusted[1].p_difference, 1);
}

TEST(AdjustForAll, ANullOfOneVariantAloneIsNotDividedByItsOther) {
  const std::vector<VariantTests> tests = {{.p_difference = 0.04, .p_margin = 0.001}};
  const auto adjusted = AdjustForAll(tests);
  EXPECT_EQ(adjusted[0].p_difference, 0.04);
  EXPECT_EQ(adjusted[0].p_margin, 0.001);
}

TEST(AdjustForAll, TheDivisorFallsWhenAVariantIsSettled) {
  const std::vector<VariantTests> tests = {{.p_difference = 0.002, .p_margin = 0.001},
                                           {.p_difference = 0.03, .p_margin = 0.04}};
  const auto adjusted = AdjustForAll(tests);
  EXPECT_EQ(adjusted[0].p_margin, 0.002);
  EXPECT_EQ(adjusted[0].p_difference, 0.004);
  EXPECT_EQ(adjusted[1].p_difference, 0.03);
  EXPECT_EQ(adjusted[1].p_margin, 0.04);
  EXPECT_EQ(CountOpen(adjusted, 0.05), 0);
  EXPECT_EQ(CountOpen(adjusted, 0.035), 1);
}

TEST(AdjustForAll, LeavesOutWhatIsNotTested) {
  std::vector<VariantTests> tests = Differences({0.01});
  tests.push_back({});
  const auto adjusted = AdjustForAll(tests);
  EXPECT_EQ(adjusted[0].p_difference, 0.01);
  EXPECT_FALSE(adjusted[1].p_difference.has_value());
}

}  // namespace
}  // namespace fp4::core
