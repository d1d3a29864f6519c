#include "trainer/optimizer/bf16_rounding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

namespace fp4::trainer {
namespace {

// The mean over all 65,536 random numbers, exactly.
double MeanOfAll(float value) {
  double sum = 0;
  for (uint32_t random = 0; random < 0x10000; ++random)
    sum += numerics::Bf16Value(RoundToBf16(value, random));
  return sum / 0x10000;
}

TEST(Bf16RoundingTest, MeanOverAllRandomNumbersIsTheValueItself) {
  for (float value : {0.1f, -0.1f, 1.00001f, -3.14159f, 1e-30f, 65535.7f, 0.0f, 0.5f}) {
    EXPECT_EQ(MeanOfAll(value), static_cast<double>(value)) << value;
  }
}

TEST(Bf16RoundingTest, AwayFromZeroOnlyBelowTheBitsThatAreCutOff) {
  const float value = numerics::BitsFloat(0x3F800003);  // 1 and three units of 2^-23
  EXPECT_EQ(RoundToBf16(value, 2), 0x3F81);
  EXPECT_EQ(RoundToBf16(value, 3), 0x3F80);
  EXPECT_EQ(RoundToBf16(-value, 2), 0xBF81);
  EXPECT_EQ(RoundToBf16(-value, 3), 0xBF80);
}

TEST(Bf16RoundingTest, NotANumberStaysSoAndFiniteStaysFinite) {
  const float signaling = numerics::BitsFloat(0x7F800001);  // truncation would make it infinite
  EXPECT_TRUE(std::isnan(numerics::Bf16Value(RoundToBf16(signaling, 0xFFFF))));
  EXPECT_EQ(RoundToBf16(std::numeric_limits<float>::infinity(), 0), 0x7F80);
  EXPECT_EQ(RoundToBf16(std::numeric_limits<float>::max(), 0), 0x7F7F);
}

TEST(Bf16RoundingTest, MeanOfManyElementsIsWithinTheBarOfTorchao) {
  const std::vector<float> values(1 << 20, 0.3f);
  std::vector<uint16_t> rounded(values.size());
  RoundToBf16(values.data(), 0, static_cast<int64_t>(values.size()), {.key = 5, .step = 1},
              rounded.data());
  double sum = 0;
  for (uint16_t code : rounded) sum += numerics::Bf16Value(code);
  EXPECT_NEAR(sum / static_cast<double>(values.size()), 0.3f, 3e-5);
}

TEST(Bf16RoundingTest, ElementDependsOnNothingButKeyStepAndItsNumber) {
  const std::vector<float> values(64, 0.3f);
  const RoundingStream stream{.key = 5, .step = 1};
  std::vector<uint16_t> whole(64), piece(24), other_step(64), other_key(64);
  RoundToBf16(values.data(), 0, 64, stream, whole.data());
  RoundToBf16(values.data(), 16, 21, stream, piece.data());
  RoundToBf16(values.data(), 0, 64, {.key = 5, .step = 2}, other_step.data());
  RoundToBf16(values.data(), 0, 64, {.key = 6, .step = 1}, other_key.data());
  EXPECT_TRUE(std::equal(whole.begin() + 16, whole.begin() + 37, piece.begin()));
  EXPECT_EQ((std::set<std::vector<uint16_t>>{whole, other_step, other_key}.size()), 3u);
}

}  // namespace
}  // namespace fp4::trainer
