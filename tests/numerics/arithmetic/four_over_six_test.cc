// Four-over-six at any scale of the tensor: which of two block scales loses less must not depend on
// whether squares of the errors fit into fp32.
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/block_scale.h"
#include "numerics/arithmetic/elements.h"
#include "numerics/format.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

constexpr MatrixShape kShape = {32, 256};
constexpr int64_t kBlock = 16;

QuantizeOptions Options(FourOverSix measure, std::string block = "1x16") {
  QuantizeOptions options;
  options.block = std::move(block);
  options.four_over_six = measure;
  return options;
}

std::vector<float> Scaled(double factor) {
  std::vector<float> values = Gaussians(kShape.size(), 31);
  for (float& value : values) value = static_cast<float>(value * factor);
  return values;
}

// The error of a block under a scale, in double, where nothing overflows or vanishes. Decoded
// values are taken before their rounding to fp32.
double ExactError(const float* values, const BlockScale& scale, double decode,
                  FourOverSix measure) {
  double sum = 0;
  for (int64_t i = 0; i < kBlock; ++i) {
    const uint32_t code =
        EncodeNearest(ElementType::kE2M1, ApplyScale(values[i], scale, ScaleRule::kTwoLevel));
    const double error = double{E2M1Value(code)} * scale.decode * decode - values[i];
    sum += measure == FourOverSix::kMse ? error * error : std::fabs(error);
  }
  return sum;
}

float Amax(const float* values, int64_t size) {
  float amax = 0;
  for (int64_t i = 0; i < size; ++i) amax = std::max(amax, std::fabs(values[i]));
  return amax;
}

// How many blocks took the scale whose exact error is larger by more than rounding.
int CountWorseChoices(const std::vector<float>& values, FourOverSix measure) {
  const Quantized quantized = FindFormat("nvfp4")->Encode(values, kShape, Options(measure));
  const float amax = Amax(values.data(), kShape.size());
  const TwoLevelRule rule = MakeTwoLevelRule(amax, 1536.0f);
  int worse = 0;
  for (size_t block = 0; block < quantized.scales.size(); ++block) {
    const float* x = &values[block * kBlock];
    const BlockScale six = TwoLevelScale(Amax(x, kBlock), false, rule, 1.0f);
    const BlockScale four = TwoLevelScale(Amax(x, kBlock), false, rule, 1.5f);
    const double decode = double{amax} / 1536;
    const double error_six = ExactError(x, six, decode, measure);
    const double error_four = ExactError(x, four, decode, measure);
    const bool took_four = six.stored != four.stored && quantized.scales[block] == four.stored;
    const double taken = took_four ? error_four : error_six;
    if (taken > std::min(error_six, error_four) * (1 + 1e-5)) ++worse;
  }
  return worse;
}

TEST(FourOverSixTest, TakesTheScaleWithTheSmallerExactErrorAtAnyScaleOfTheTensor) {
  for (const double factor : {1e-42, 1e-40, 1e-38, 1e-36, 1e-30, 1e-20, 1.0, 1e20, 1e30, 7e37}) {
    SCOPED_TRACE(factor);
    EXPECT_EQ(CountWorseChoices(Scaled(factor), FourOverSix::kMse), 0);
    EXPECT_EQ(CountWorseChoices(Scaled(factor), FourOverSix::kMae), 0);
  }
}

TEST(FourOverSixTest, APowerOfTwoOnTheTensorChangesNoCodeAndNoBlockScale) {
  for (const std::string block : {"1x16", "16x16"}) {
    for (const FourOverSix measure : {FourOverSix::kMse, FourOverSix::kMae}) {
      const QuantizeOptions options = Options(measure, block);
      const Format& format = *FindFormat("nvfp4");
      const Quantized expected = format.Encode(Scaled(1.0), kShape, options);
      for (const int exponent : {-110, -100, -63, -20, 20, 63, 100, 125}) {
        SCOPED_TRACE(absl::StrCat(block, " times 2^", exponent));
        const Quantized scaled = format.Encode(Scaled(std::ldexp(1.0, exponent)), kShape, options);
        EXPECT_EQ(expected.codes, scaled.codes);
        EXPECT_EQ(expected.scales, scaled.scales);
      }
    }
  }
}

TEST(FourOverSixTest, UnitsBringTheAmaxNearOne) {
  EXPECT_EQ(PowerOfTwoToUnits(1.0f), 1.0f);
  EXPECT_EQ(PowerOfTwoToUnits(1.75f), 1.0f);
  EXPECT_EQ(PowerOfTwoToUnits(6.0f), 0.25f);
  EXPECT_EQ(PowerOfTwoToUnits(0x1p-126f), 0x1p126f);
  EXPECT_EQ(PowerOfTwoToUnits(0x1p-149f), 0x1p126f);
  EXPECT_EQ(PowerOfTwoToUnits(0x1p126f), 0x1p-126f);
  EXPECT_EQ(PowerOfTwoToUnits(kFloatMax), 0x1p-126f);
}

}  // namespace
}  // namespace fp4::numerics
