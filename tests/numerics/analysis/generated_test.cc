#include "numerics/analysis/generated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace fp4::numerics::analysis {
namespace {

constexpr MatrixShape kShape = {256, 1024};  // fan_in 1024, fan_out 256

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

Moments Measure(const std::vector<float>& values) {
  Moments moments;
  for (const double value : values) {
    moments.mean += value;
    moments.deviation += value * value;
    moments.largest = std::max(moments.largest, std::fabs(value));
  }
  moments.mean /= static_cast<double>(values.size());
  moments.deviation = std::sqrt(moments.deviation / static_cast<double>(values.size()));
  return moments;
}

// Standard deviations and bounds follow from the definitions; 262,144 values leave 0.14 % of
// sampling error (more under heavy tails).
TEST(GenerateWeightTest, HasTheSpreadOfItsScheme) {
  struct Case {
    InitScheme scheme;
    double deviation, bound, tolerance;
  };
  const double xavier = std::sqrt(2.0 / 1280), kaiming = std::sqrt(2.0 / 1024);
  const Case cases[] = {
      {InitScheme::kNormal, 0.02, 0.14, 0.006},
      {InitScheme::kTruncatedNormal, 0.02 * 0.879626, 0.04, 0.006},
      {InitScheme::kXavierUniform, xavier, xavier * std::sqrt(3.0), 0.006},
      {InitScheme::kXavierNormal, xavier, 7 * xavier, 0.006},
      {InitScheme::kKaimingUniform, kaiming, kaiming * std::sqrt(3.0), 0.006},
      {InitScheme::kKaimingNormal, kaiming, 7 * kaiming, 0.006},
      {InitScheme::kStudentT, 0.02 * std::sqrt(2.0), 10, 0.05},  // variance 4 / (4 - 2)
  };
  for (const Case& c : cases) {
    const Moments moments = Measure(GenerateWeight(c.scheme, kShape, 7));
    SCOPED_TRACE(InitSchemeName(c.scheme));
    EXPECT_NEAR(moments.mean, 0, 0.01 * c.deviation);
    EXPECT_NEAR(moments.deviation, c.deviation, c.tolerance * c.deviation);
    EXPECT_LE(moments.largest, c.bound);
  }
  EXPECT_EQ(std::size(cases), AllInitSchemes().size());
}

TEST(GenerateWeightTest, StudentTHasHeavierTailsThanNormal) {
  const auto beyond_five = [](InitScheme scheme) {
    const std::vector<float> values = GenerateWeight(scheme, kShape, 1);
    return std::ranges::count_if(values, [](float value) { return std::fabs(value) > 0.1f; });
  };
  EXPECT_LE(beyond_five(InitScheme::kNormal), 3);
  // P(|t| > 5) with 4 degrees of freedom is 0.00749.
  EXPECT_NEAR(static_cast<double>(beyond_five(InitScheme::kStudentT)), 0.00749 * 262144, 150);
}

TEST(GenerateWeightTest, DependsOnSchemeAndSeedOnly) {
  const MatrixShape small = {4, 8};
  const std::vector<float> values = GenerateWeight(InitScheme::kNormal, small, 3);
  EXPECT_EQ(GenerateWeight(InitScheme::kNormal, small, 3), values);
  EXPECT_NE(GenerateWeight(InitScheme::kNormal, small, 4), values);
  EXPECT_NE(GenerateWeight(InitScheme::kTruncatedNormal, small, 3), values);
}

}  // namespace
}  // namespace fp4::numerics::analysis
