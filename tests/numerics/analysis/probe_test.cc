#include "numerics/analysis/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace fp4::numerics::analysis {
namespace {

FormatChoice Choice(std::string_view name, QuantizeOptions options = {}) {
  return {std::string(name), FindFormat(name), std::move(options)};
}

Probe MakeProbe(std::string_view name, QuantizeOptions options = {}) {
  absl::StatusOr<Probe> probe = Probe::Create(Choice(name, std::move(options)));
  EXPECT_TRUE(probe.ok()) << probe.status();
  return *std::move(probe);
}

float After(float x) { return std::nextafter(x, std::numeric_limits<float>::infinity()); }

TEST(ProbeTest, DecodesBesideAOne) {
  Probe fp4 = MakeProbe("fp4");
  EXPECT_EQ(fp4.Beside(1.0f), 1.0f);
  EXPECT_EQ(fp4.Beside(0.6f), 0.66666667f);
  EXPECT_EQ(fp4.Beside(-0.002f), 0.0f);
  Probe int8 = MakeProbe("int8");
  EXPECT_FLOAT_EQ(int8.Beside(0.5f), 64 * (1 / 127.0f));  // 63.5 to even
}

TEST(ProbeTest, ProbesToNearestAndUnrotated) {
  Probe probe = MakeProbe(
      "mxfp4", {.block = "", .rounding = Rounding::kStochastic, .hadamard = 32, .signs = {}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(probe.Beside(0.9f), 1.0f);
}

TEST(ProbeTest, SaysWhatAFormatCannotDo) {
  const absl::Status status = Probe::Create(Choice("int8", {.block = "7", .signs = {}})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("int8: block 7"));
}

TEST(MeasureRangeTest, OfTwoLevelScales) {
  Probe probe = MakeProbe("nvfp4");
  const FormatRange range = MeasureRange(probe);
  EXPECT_EQ(range.largest, 1.0f);
  EXPECT_FLOAT_EQ(range.smallest_in_block, 0.5f / 6);
  // A maximum that barely rounds to the smallest E4M3 scale, 2^-9 of 448, has the element 3 of 6.
  EXPECT_FLOAT_EQ(range.smallest_block, 0x1p-10f / 448);
}

TEST(MeasureRangeTest, OfOneScaleForAllOrNone) {
  Probe fp8 = MakeProbe("fp8_e4m3");  // one scale: 2^-9 is the smallest subnormal of 448
  EXPECT_FLOAT_EQ(MeasureRange(fp8).smallest_in_block, 0x1p-9f / 448);
  EXPECT_EQ(MeasureRange(fp8).smallest_block, MeasureRange(fp8).smallest_in_block);
  Probe fp16 = MakeProbe("fp16");
  EXPECT_EQ(MeasureRange(fp16).smallest_in_block, 0x1p-24f);
  Probe fp32 = MakeProbe("fp32");
  EXPECT_EQ(MeasureRange(fp32).smallest_block, 0x1p-149f);
}

TEST(TraceStaircaseTest, FindsThePublishedThresholdsOfFp4) {
  Probe probe = MakeProbe("fp4");
  const Staircase staircase = TraceStaircase(probe);
  ASSERT_TRUE(staircase.exact);
  // A threshold is exceeded strictly on either side of 0.
  const float thresholds[] = {0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f,
                              0.4166667f,  0.583333f,  0.8333333f};
  std::vector<float> expected;
  for (const float threshold : thresholds) {
    expected.push_back(After(threshold));
    expected.push_back(-threshold);
  }
  std::ranges::sort(expected);
  EXPECT_EQ(staircase.boundaries, expected);
}

TEST(TraceStaircaseTest, IsTheCurveItself) {
  Probe probe = MakeProbe("mxfp4");
  const Staircase staircase = TraceStaircase(probe);
  ASSERT_TRUE(staircase.exact);
  EXPECT_EQ(staircase.points.front(), std::make_pair(-1.0f, -1.0f));
  EXPECT_EQ(staircase.points.back(), std::make_pair(1.0f, 1.0f));
  EXPECT_TRUE(std::ranges::is_sorted(staircase.points));
  // Eleven steps between -1, -0.75, -0.5, -0.375, …, 1; each has two corners.
  EXPECT_EQ(staircase.boundaries.size(), 12u);
  EXPECT_EQ(staircase.points.size(), 2 + 2 * staircase.boundaries.size());
  for (const float boundary : staircase.boundaries) {
    EXPECT_NE(probe.Beside(boundary), probe.Beside(std::nextafter(boundary, -2.0f)));
  }
}

TEST(TraceStaircaseTest, DoesNotMoveScalesThatAreMeans) {
  Probe binary = MakeProbe("binary");
  EXPECT_THAT(TraceStaircase(binary).boundaries, testing::ElementsAre(0.0f));
  Probe ternary = MakeProbe("ternary");
  const Staircase staircase = TraceStaircase(ternary);
  ASSERT_EQ(staircase.boundaries.size(), 2u);
  // Half of the mean, which is that of [0, 1] and of 1 and |x| + (1 - |x|) beside.
  EXPECT_NEAR(staircase.boundaries[1], 0.25, 0.002);
  EXPECT_NEAR(staircase.boundaries[0], -0.25, 0.002);
}

TEST(TraceStaircaseTest, SamplesWhatHasTooManySteps) {
  Probe probe = MakeProbe("bf16");
  const Staircase staircase = TraceStaircase(probe);
  EXPECT_FALSE(staircase.exact);
  EXPECT_TRUE(staircase.boundaries.empty());
  EXPECT_GT(staircase.points.size(), 100u);
}

TEST(RelativeErrorByMagnitudeTest, FallsFromAllLostToTheHalfStep) {
  Probe mxfp4 = MakeProbe("mxfp4");
  const std::vector<double> errors = RelativeErrorByMagnitude(mxfp4, 12);
  // Between 2^-1/2 and 1 the worst value is 0.875, half-way between 0.75 and 1.
  EXPECT_NEAR(errors[0], 1.0 / 7, 0.02);
  EXPECT_EQ(errors[11], 1);
  Probe fp32 = MakeProbe("fp32");
  for (const double error : RelativeErrorByMagnitude(fp32, 48)) EXPECT_EQ(error, 0);
  Probe bf16 = MakeProbe("bf16");
  for (const double error : RelativeErrorByMagnitude(bf16, 48)) EXPECT_LE(error, 0x1p-8);
}

}  // namespace
}  // namespace fp4::numerics::analysis
