// Every code and every bf16 pattern: the rounding tricks against a plain search for the nearest
// value.
#include "numerics/arithmetic/elements.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace fp4::numerics {
namespace {

struct ElementCase {
  std::string name;
  ElementType type;
  int bits;
  uint32_t largest_code;  // of positive numbers
};

class ElementsTest : public testing::TestWithParam<ElementCase> {};

// The code of the magnitude nearest to `value`, ties to the even code, saturating: by definition,
// not by arithmetic.
uint32_t NearestBySearch(const ElementCase& element, float value) {
  const float bound =
      2 * ElementValue(element.type, element.largest_code);  // farther, and doubles stop telling
  value = std::fmax(-bound, std::fmin(bound, value));
  uint32_t best = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (uint32_t code = 0; code <= element.largest_code; ++code) {
    double distance =
        std::fabs(std::fabs(static_cast<double>(value)) - ElementValue(element.type, code));
    if (distance < best_distance || (distance == best_distance && code % 2 == 0)) {
      best = code;
      best_distance = distance;
    }
  }
  return best | (std::signbit(value) ? 1u << (element.bits - 1) : 0);
}

TEST_P(ElementsTest, EveryBf16PatternAndItsNeighboursGoToTheNearestCode) {
  const ElementCase& element = GetParam();
  for (uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    for (uint32_t bits : {pattern << 16, (pattern << 16) + 1, (pattern << 16) - 1}) {
      float value = BitsFloat(bits);
      // Far from every number of the format one in sixteen will do: the search is slow.
      bool plain = Abs(value) > 1e6f || Abs(value) < 1e-8f;
      if (!IsFinite(value) || (plain && pattern % 16 != 0)) continue;
      ASSERT_EQ(EncodeNearest(element.type, {value, value}), NearestBySearch(element, value))
          << value;
    }
  }
}

TEST_P(ElementsTest, ValuesHalfWayGoToTheEvenCode) {
  const ElementCase& element = GetParam();
  for (uint32_t code = 0; code < element.largest_code; ++code) {
    float middle = (ElementValue(element.type, code) + ElementValue(element.type, code + 1)) / 2;
    uint32_t even = code % 2 == 0 ? code : code + 1;
    EXPECT_EQ(EncodeNearest(element.type, {middle, middle}), even) << middle;
    float above = std::nextafter(middle, 1e9f), below = std::nextafter(middle, 0.0f);
    EXPECT_EQ(EncodeNearest(element.type, {above, above}), code + 1);
    EXPECT_EQ(EncodeNearest(element.type, {below, below}), code);
  }
}

TEST_P(ElementsTest, EveryCodeComesBack) {
  const ElementCase& element = GetParam();
  for (uint32_t code = 0; code < 1u << element.bits; ++code) {
    float value = ElementValue(element.type, code);
    bool is_number = (code & ((1u << (element.bits - 1)) - 1)) <= element.largest_code;
    if (!is_number) continue;
    EXPECT_EQ(EncodeNearest(element.type, {value, value}), code);
    EXPECT_EQ(EncodeStochastic(element.type, {value, value}, 0xFFFFFFFF), code)
        << "numbers of the format do not move";
    EXPECT_EQ(EncodeStochastic(element.type, {value, value}, 0), code);
  }
}

INSTANTIATE_TEST_SUITE_P(Minifloats, ElementsTest,
                         testing::Values(ElementCase{"E2M1", ElementType::kE2M1, 4, 7},
                                         ElementCase{"E4M3", ElementType::kE4M3, 8, 0x7E},
                                         ElementCase{"E5M2", ElementType::kE5M2, 8, 0x7B}),
                         [](const auto& info) { return info.param.name; });

TEST(E2M1Test, SaturatesAndKeepsTheSignOfZero) {
  EXPECT_EQ(MinifloatCode<E2M1>(1e30f), 7u);
  EXPECT_EQ(MinifloatCode<E2M1>(-6.1f), 15u);
  EXPECT_EQ(MinifloatCode<E2M1>(-0.0f), 8u);
  EXPECT_EQ(MinifloatCode<E2M1>(-0.1f), 8u);
}

TEST(E4M3Test, TiesAboveTheLargestSaturateAndNanIsKept) {
  EXPECT_EQ(E4M3Value(MinifloatCode<E4M3>(464.0f)), 448.0f);
  EXPECT_EQ(E4M3Value(MinifloatCode<E4M3>(1e9f)), 448.0f);
  EXPECT_EQ(MinifloatCode<E4M3>(BitsFloat(kNanBits)), 0x7Fu);
  EXPECT_EQ(E4M3Value(1), 0x1p-9f);
}

TEST(Fp16Test, EveryCodeComesBackAndOverflowIsInf) {
  for (uint32_t code = 0; code < 0x10000; ++code) {
    if ((code & 0x7FFF) > 0x7C00) continue;
    EXPECT_EQ(Fp16Code(Fp16Value(code)), code);
  }
  EXPECT_EQ(Fp16Code(65519.99f), 0x7BFFu);
  EXPECT_EQ(Fp16Code(65520.0f), 0x7C00u);
  EXPECT_EQ(Fp16Code(-1e9f), 0xFC00u);
  EXPECT_EQ(Fp16Code(0x1p-25f), 0u) << "half of the smallest goes to the even 0";
  EXPECT_EQ(Fp16Code(BitsFloat(kNanBits)), 0x7E00u);
}

TEST(Bf16Test, RoundsToEvenAndEveryCodeComesBack) {
  for (uint32_t code = 0; code < 0x10000; ++code) {
    if ((code & 0x7FFF) > 0x7F80) continue;
    EXPECT_EQ(Bf16Code(Bf16Value(code)), code);
  }
  EXPECT_EQ(Bf16Code(BitsFloat(0x3F808000)), 0x3F80u);
  EXPECT_EQ(Bf16Code(BitsFloat(0x3F818000)), 0x3F82u);
  EXPECT_EQ(Bf16Code(kFloatMax), 0x7F80u);
  EXPECT_EQ(Bf16CodeStochastic(kFloatMax, 0xFFFFFFFF), 0x7F7Fu) << "finite stays finite";
}

template <class Book>
void ExpectLevelsAndThresholds() {
  for (int rank = 0; rank < Book::kNumLevels; ++rank) {
    EXPECT_EQ(NearestRank<Book>(Book::Level(rank)), rank);
    EXPECT_EQ(StochasticRank<Book>(Book::Level(rank), 0), rank);
    EXPECT_EQ(StochasticRank<Book>(Book::Level(rank), 0xFFFFFFFF), rank);
    if (rank + 1 == Book::kNumLevels) continue;
    float threshold = Book::Threshold(rank);
    EXPECT_EQ(NearestRank<Book>(threshold), rank) << "on a threshold the lower level wins";
    EXPECT_EQ(NearestRank<Book>(std::nextafter(threshold, 2.0f)), rank + 1);
    // The thresholds are the middles of the levels, as rounded by bitsandbytes.
    EXPECT_NEAR(threshold, (Book::Level(rank) + Book::Level(rank + 1)) / 2, 1e-6);
  }
  EXPECT_EQ(NearestRank<Book>(BitsFloat(kNanBits)), 0);
}

TEST(CodebookTest, LevelsAndThresholdsOfFp4) { ExpectLevelsAndThresholds<Fp4Book>(); }
TEST(CodebookTest, LevelsAndThresholdsOfNf4) { ExpectLevelsAndThresholds<Nf4Book>(); }

TEST(CodebookTest, SignsOfFp4) {
  EXPECT_EQ(Fp4Code(0.0f, false), 0u);
  EXPECT_EQ(Fp4Code(1e-9f, true), 8u) << "a tiny negative is -0";
  EXPECT_EQ(Fp4Code(1.0f, true), 11u);
  EXPECT_TRUE(std::signbit(Fp4Value(8)));
}

TEST(IntegerTest, RoundsTiesToEvenAndSaturates) {
  auto int8 = [](float value) {
    return static_cast<int8_t>(EncodeNearest(ElementType::kInt8, {value, value}));
  };
  EXPECT_EQ(int8(0.5f), 0);
  EXPECT_EQ(int8(1.5f), 2);
  EXPECT_EQ(int8(-2.5f), -2);
  EXPECT_EQ(int8(300.0f), 127);
  EXPECT_EQ(int8(-128.0f), -127);
  EXPECT_EQ(EncodeNearest(ElementType::kInt4, {-7.9f, -7.9f}), 9u);
  EXPECT_EQ(ElementValue(ElementType::kInt4, 9), -7.0f);
}

struct ScaleCase {
  float amax;
  uint8_t floor, rceil, even, ceil;
};

TEST(PowerOfTwoTest, FourModesByHand) {
  // 6 = 1.5 * 2^2 and 7 = 1.75 * 2^2: floor leaves 2^0. 6.1/6 is above 1, so rceil takes 2^1; even
  // rounds 1.75 up.
  const ScaleCase cases[] = {{6.0f, 127, 127, 127, 128}, {4.0f, 127, 127, 127, 127},
                             {6.1f, 127, 128, 127, 128}, {7.0f, 127, 128, 128, 128},
                             {8.0f, 128, 128, 128, 128}, {0.0f, 0, 0, 0, 0},
                             {0x1p-126f, 0, 0, 0, 0},    {kFloatMax, 252, 253, 253, 253}};
  for (const ScaleCase& row : cases) {
    auto byte = [&](ScaleMode mode) { return E8M0Byte(row.amax, {mode, 2, 1, 1.0f / 6.0f}); };
    EXPECT_EQ(byte(ScaleMode::kFloor), row.floor) << row.amax;
    EXPECT_EQ(byte(ScaleMode::kRoundCeil), row.rceil) << row.amax;
    EXPECT_EQ(byte(ScaleMode::kEven), row.even) << row.amax;
    EXPECT_EQ(byte(ScaleMode::kCeil), row.ceil) << row.amax;
  }
  EXPECT_EQ(E8M0Value(127), 1.0f);
  EXPECT_EQ(E8M0Value(0), 0x1p-127f);
  EXPECT_EQ(E8M0Value(254), 0x1p127f);
  EXPECT_TRUE(IsNan(E8M0Value(255)));
}

}  // namespace
}  // namespace fp4::numerics
