#include "trainer/optimizer/state_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "numerics/arithmetic/minifloat.h"

namespace fp4::trainer {
namespace {

using spec::OptimizerStates;

struct CodecCase {
  const char* name;
  OptimizerStates states;
  Moment moment;
  int64_t block;
  int bits;
  size_t num_values;
  float smallest, second, largest;  // of the values, ascending
};

class StateCodecTest : public testing::TestWithParam<CodecCase> {
 protected:
  const StateCodec& codec_ = *StateCodec::Find(GetParam().states, GetParam().moment);

  // What a block decodes to whose largest magnitude is `amax` and whose first value is `x`.
  float RoundTrip(float x, float amax) const {
    std::vector<float> values(codec_.block(), 0.0f), decoded(codec_.block());
    values[0] = x;
    values.back() = amax;
    std::vector<uint8_t> codes(codec_.num_bytes(codec_.block()));
    codec_.Decode(codes.data(), codec_.Encode(values.data(), codes.data()), decoded.data());
    return decoded[0];
  }

  // The nearest value by trying all of them, thresholds aside.
  float Nearest(float x) const {
    auto distance = [x](float value) { return std::abs(static_cast<double>(value) - x); };
    return *std::ranges::min_element(codec_.values(), {}, distance);
  }
};

TEST_P(StateCodecTest, HasThePublishedBlocksAndValues) {
  EXPECT_EQ(codec_.block(), GetParam().block);
  EXPECT_EQ(codec_.bits(), GetParam().bits);
  ASSERT_EQ(codec_.values().size(), GetParam().num_values);
  EXPECT_FLOAT_EQ(codec_.values().front(), GetParam().smallest);
  EXPECT_FLOAT_EQ(codec_.values()[1], GetParam().second);
  EXPECT_FLOAT_EQ(codec_.values().back(), GetParam().largest);
  EXPECT_TRUE(std::ranges::is_sorted(codec_.values()));
}

TEST_P(StateCodecTest, RoundsToTheNearestValueOnBothSidesOfEveryThreshold) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float amax = codec_.largest();  // so that the scale is 1
  for (size_t i = 0; i < codec_.thresholds().size(); ++i) {
    const float threshold = codec_.thresholds()[i];
    EXPECT_EQ(RoundTrip(threshold, amax), codec_.values()[i + 1]) << i;
    EXPECT_EQ(RoundTrip(std::nextafter(threshold, -infinity), amax), codec_.values()[i]) << i;
    EXPECT_EQ(RoundTrip(codec_.values()[i], amax), codec_.values()[i]) << i;
  }
}

TEST_P(StateCodecTest, EveryBucketOfTheTableAgreesWithASearch) {
  const float amax = codec_.largest();
  for (uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (uint32_t lower : {0u, 0x8000u, 0xFFFFu}) {
      const float x = numerics::BitsFloat(upper << 16 | lower);
      if (std::isnan(x) || std::abs(x) > amax) continue;
      const float value = RoundTrip(x, amax);
      ASSERT_NEAR(std::abs(value - x), std::abs(Nearest(x) - x), 1e-7 * amax) << x;
    }
  }
}

TEST_P(StateCodecTest, BlockOfZerosHasTheSmallestScaleAndDecodesToAlmostNothing) {
  EXPECT_LE(std::abs(RoundTrip(0.0f, 0.0f)), kSmallestStateScale / 16);
}

TEST_P(StateCodecTest, NanPoisonsItsBlock) {
  EXPECT_TRUE(std::isnan(RoundTrip(0.5f, std::numeric_limits<float>::quiet_NaN())));
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, StateCodecTest,
    testing::Values(CodecCase{"eight_first", OptimizerStates::k8Bit, Moment::kFirst, 256, 8, 256,
                              -0.99296874f, -0.97890625f, 1.0f},
                    CodecCase{"eight_second", OptimizerStates::k8Bit, Moment::kSecond, 256, 8, 256,
                              0.0f, 3.25e-7f, 1.0f},
                    CodecCase{"four_first", OptimizerStates::k4Bit, Moment::kFirst, 128, 4, 16,
                              -0.8875f, -0.6625f, 1.0f},
                    CodecCase{"four_second", OptimizerStates::k4Bit, Moment::kSecond, 128, 4, 16,
                              1 / 16.0f, 2 / 16.0f, 1.0f},
                    CodecCase{"fp8", OptimizerStates::kFp8, Moment::kFirst, 256, 8, 253, -448.0f,
                              -416.0f, 448.0f}),
    [](const auto& info) { return info.param.name; });

TEST(StateCodecTest, FirstOfTwoFourBitCodesIsInTheHighHalf) {
  const StateCodec& codec = *StateCodec::Find(OptimizerStates::k4Bit, Moment::kSecond);
  std::vector<float> values(codec.block(), 1.0f);
  values[0] = 2 / 16.0f;
  std::vector<uint8_t> codes(codec.num_bytes(codec.block()));
  EXPECT_EQ(codec.Encode(values.data(), codes.data()), 1.0f);
  EXPECT_EQ(codes[0], 0x1F);
}

TEST(StateCodecTest, Fp8BytesAreE4M3s) {
  const StateCodec& codec = *StateCodec::Find(OptimizerStates::kFp8, Moment::kFirst);
  std::vector<float> values(codec.block(), 0.0f);
  values[0] = -2.0f;
  values[1] = 448.0f;
  std::vector<uint8_t> codes(codec.num_bytes(codec.block()));
  EXPECT_EQ(codec.Encode(values.data(), codes.data()), 1.0f);
  EXPECT_EQ(codes[0], 0xC0);
  EXPECT_EQ(codes[1], 0x7E);
  EXPECT_EQ(codes[2], 0x00);
}

TEST(StateCodecTest, Fp32IsNotEncoded) {
  EXPECT_EQ(StateCodec::Find(OptimizerStates::kFp32, Moment::kFirst), nullptr);
}

}  // namespace
}  // namespace fp4::trainer
