#include "numerics/analysis/format_charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "numerics/cpu/thread_pool.h"

namespace fp4::numerics::analysis {
namespace {

using testing::HasSubstr;

FormatChoice Choice(std::string_view name, QuantizeOptions options = {}) {
  return {std::string(name), FindFormat(name), std::move(options)};
}

FormatCharts Compute(const std::vector<FormatChoice>& choices, uint64_t seed = 1) {
  absl::StatusOr<FormatCharts> charts = ComputeFormatCharts(choices, seed, SerialFor);
  EXPECT_TRUE(charts.ok()) << charts.status();
  return *std::move(charts);
}

int64_t Sum(const Histogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), int64_t{0});
}

TEST(FormatChartsTest, HoldForEveryFormat) {
  std::vector<FormatChoice> choices;
  for (const Format* format : AllFormats()) choices.push_back(Choice(format->info().name));
  const FormatCharts charts = Compute(choices);
  ASSERT_EQ(charts.formats.size(), choices.size());
  for (const FormatFigures& figures : charts.formats) {
    SCOPED_TRACE(figures.choice.label);
    EXPECT_EQ(Sum(figures.decoded), kWeightShape.size());
    EXPECT_EQ(Sum(figures.errors), kWeightShape.size());
    EXPECT_EQ(figures.stats.count, kWeightShape.size());
    EXPECT_EQ(figures.error_by_scale.size(), charts.scales.size());
    EXPECT_EQ(figures.sqnr_by_scheme.size(), AllInitSchemes().size());
    EXPECT_EQ(figures.sqnr_by_scheme[0], figures.stats.sqnr_db);  // the same weight
    EXPECT_GT(figures.correlation, 0.75);
    EXPECT_GT(figures.range.largest, 0);
    EXPECT_GE(figures.staircase.points.size(), 3u);
    EXPECT_GE(figures.bits_per_value, figures.bits_per_element);
    EXPECT_NEAR(static_cast<double>(figures.weight_bytes) * 8,
                figures.weight_bits_per_value * static_cast<double>(kWeightShape.size()), 8);
  }
}

TEST(FormatChartsTest, RankFormatsAsTheirDefinitionsDo) {
  const FormatCharts charts =
      Compute({Choice("ternary"), Choice("fp4"), Choice("nvfp4"),
               Choice("nvfp4", {.block = "", .four_over_six = FourOverSix::kMse, .signs = {}}),
               Choice("int8"), Choice("bf16"), Choice("fp32")});
  for (size_t i = 1; i < charts.formats.size(); ++i) {
    EXPECT_GT(charts.formats[i].stats.sqnr_db, charts.formats[i - 1].stats.sqnr_db) << i;
    EXPECT_GE(charts.formats[i].correlation, charts.formats[i - 1].correlation) << i;
  }
  EXPECT_EQ(charts.formats[1].bits_per_value, 4.5);
  EXPECT_EQ(charts.formats[1].stored_bytes, 4096 * 4096 / 2 + 4096 * 4096 / 64 * 4);
  // bitsandbytes: 0.096543 for unit variance and blocks of 64, here of deviation 0.02.
  EXPECT_NEAR(charts.formats[1].stats.mean_abs_error, 0.02 * 0.096543, 0.02 * 0.0015);
}

TEST(FormatChartsTest, DependOnSeedAndNotOnThreads) {
  const std::vector<FormatChoice> choices = {Choice(
      "nvfp4", {.block = "", .rounding = Rounding::kStochastic, .hadamard = 64, .signs = {}})};
  const FormatCharts serial = Compute(choices);
  cpu::ThreadPool pool(3);
  const absl::StatusOr<FormatCharts> parallel =
      ComputeFormatCharts(choices, 1, pool.parallel_for());
  ASSERT_TRUE(parallel.ok()) << parallel.status();
  EXPECT_EQ(parallel->formats[0].error_by_scale, serial.formats[0].error_by_scale);
  EXPECT_EQ(parallel->formats[0].sqnr_by_scheme, serial.formats[0].sqnr_by_scheme);
  EXPECT_EQ(parallel->formats[0].decoded.counts, serial.formats[0].decoded.counts);
  EXPECT_NE(Compute(choices, 2).formats[0].decoded.counts, serial.formats[0].decoded.counts);
}

TEST(FormatChartsTest, ErrorsShareARangeThatHoldsTheWorst) {
  const FormatCharts charts = Compute({Choice("fp4"), Choice("binary")});
  const double worst = charts.formats[1].stats.max_abs_error;
  EXPECT_EQ(charts.formats[0].errors.range.high, worst);
  EXPECT_EQ(charts.formats[1].errors.range.low, -worst);
}

TEST(RelativeErrorByScaleTest, KnowsWhereAFormatEnds) {
  const std::vector<float> values = {1, 0.25f, -0.5f, 1.0f / 3};
  const double scales[] = {1e-9, 1, 2, 1e6};
  const auto errors = [&](std::string_view name) {
    return *RelativeErrorByScale(Choice(name), values, {1, 4}, scales, SerialFor);
  };
  const std::vector<double> fp16 = errors("fp16");
  EXPECT_EQ(fp16[0], 1);  // all lost
  EXPECT_LT(fp16[1], 0x1p-11);
  EXPECT_EQ(fp16[1], fp16[2]);
  EXPECT_TRUE(std::isnan(fp16[3]));  // 1e6 overflows
  const std::vector<double> fp4 = errors("fp4");
  EXPECT_NEAR(fp4[1], 0, 1e-6);  // all four are levels
  EXPECT_EQ(fp4[1], fp4[2]);     // scaled by its maximum
}

TEST(CheckChoicesTest, NamesFormatAndOption) {
  const FormatChoice choices[] = {
      Choice("nvfp4", {.block = "", .four_over_six = FourOverSix::kMae, .signs = {}}),
      Choice("mxfp4", {.block = "", .four_over_six = FourOverSix::kMae, .signs = {}})};
  const absl::Status status = CheckChoices(choices);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("mxfp4: four_over_six mae"));
  EXPECT_EQ(ComputeFormatCharts(choices, 1, SerialFor).status(), status);
}

}  // namespace
}  // namespace fp4::numerics::analysis
