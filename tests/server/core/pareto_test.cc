#include "server/core/pareto.h"

#include <gmock/gmock.h>

#include <cmath>

namespace fp4::core {
namespace {

using ::testing::ElementsAre;

const std::vector<CostedVariant> kVariants = {{"fp32", 2.0, 32},   {"int8", 2.0, 8},
                                              {"fp4", 2.1, 4.5},   {"fp4-frozen", 3.0, 4.5},
                                              {"ternary", 2.5, 2}, {"broken", NAN, 1}};

TEST(FindFront, KeepsWhatNoOtherBeats) {
  const ParetoFront front = FindFront("weight_bytes", kVariants, metric::Better::kSmaller);
  EXPECT_EQ(front.cost, "weight_bytes");
  EXPECT_THAT(front.variants, ElementsAre("ternary", "fp4", "int8"));
  EXPECT_THAT(front.dominated, ElementsAre("fp32", "fp4-frozen"));
}

TEST(FindFront, WhereLargerIsBetterTheValuesTurn) {
  const ParetoFront front = FindFront("joules", kVariants, metric::Better::kLarger);
  EXPECT_THAT(front.variants, ElementsAre("ternary", "fp4-frozen"));
}

TEST(FindFront, EqualVariantsStayTogether) {
  const std::vector<CostedVariant> equal = {{"a", 1, 1}, {"b", 1, 1}};
  EXPECT_THAT(FindFront("joules", equal, metric::Better::kSmaller).variants, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace fp4::core
