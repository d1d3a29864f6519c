// What must hold on average: the published error tables, unbiased rounding, rotations that keep
// norms.
#include <gtest/gtest.h>

#include <cmath>

#include "numerics/arithmetic/hadamard.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cpu/quantize.h"
#include "numerics/cpu/thread_pool.h"
#include "numerics/error_stats.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

std::vector<float> RoundTrip(std::string_view format, std::span<const float> values,
                             MatrixShape shape, const QuantizeOptions& options) {
  std::vector<float> decoded(values.size());
  absl::Status status =
      cpu::QuantizeDequantize(*FindFormat(format), values, shape, options, decoded, SerialFor);
  EXPECT_TRUE(status.ok()) << status;
  return decoded;
}

struct PublishedRow {
  int block;
  double fp4_abs, fp4_abs_sigma, fp4_rel, fp4_rel_sigma, nf4_abs, nf4_abs_sigma, nf4_rel,
      nf4_rel_sigma;
};

// bitsandbytes, tests/test_functional.py: errors of randn(1024, 1024) and their standard
// deviations.
constexpr PublishedRow kPublished[] = {
    {32, .088925, .000091, .242443, .000330, .067746, .000069, .189726, .000304},
    {64, .096543, .000111, .260125, .000379, .072798, .000074, .203339, .000340},
    {128, .102969, .000134, .275817, .000433, .076831, .000091, .215237, .000391},
    {256, .108684, .000182, .289831, .000497, .080337, .000102, .226105, .000398},
    {512, .114115, .000234, .302881, .000583, .083547, .000143, .236079, .000544},
    {1024, .119333, .000320, .315000, .000757, .086610, .000187, .245370, .000600},
    {2048, .124556, .000455, .326607, .001, .089592, .000251, .254163, .000747},
    {4096, .129536, .000612, .337169, .001239, .092547, .000360, .262473, .000999},
};

TEST(PublishedErrorsTest, BitsandbytesTableHoldsWithinSevenSigmaAtAllBlockSizes) {
  const std::vector<float> values = Gaussians(1 << 20, 20);
  for (const PublishedRow& row : kPublished) {
    QuantizeOptions options;
    options.block = std::to_string(row.block);
    ErrorStats fp4 =
        MeasureError(values, RoundTrip("fp4", values, {1024, 1024}, options), SerialFor);
    ErrorStats nf4 =
        MeasureError(values, RoundTrip("nf4", values, {1024, 1024}, options), SerialFor);
    EXPECT_NEAR(fp4.mean_abs_error, row.fp4_abs, 7 * row.fp4_abs_sigma) << row.block;
    EXPECT_NEAR(fp4.mean_relative_error, row.fp4_rel, 7 * row.fp4_rel_sigma) << row.block;
    EXPECT_NEAR(nf4.mean_abs_error, row.nf4_abs, 7 * row.nf4_abs_sigma) << row.block;
    EXPECT_NEAR(nf4.mean_relative_error, row.nf4_rel, 7 * row.nf4_rel_sigma) << row.block;
  }
}

// Half of -log2 of the relative quadratic error, averaged like the paper's figure.
double EffectiveBits(const QuantizeOptions& options) {
  const std::vector<float> values = Gaussians(1 << 20, 21);
  return -std::log2(
             MeasureError(values, RoundTrip("nvfp4", values, {1024, 1024}, options), SerialFor)
                 .relative_mse) /
         2;
}

TEST(PublishedErrorsTest, QuartetBoundsHoldOnGaussians) {
  QuantizeOptions nearest, four_over_six, eden;
  four_over_six.four_over_six = FourOverSix::kMse;
  eden.ms_eden = true;
  eden.hadamard = 128;
  EXPECT_GT(EffectiveBits(nearest), 3.38);
  EXPECT_GT(EffectiveBits(four_over_six), 3.52);
  EXPECT_GT(EffectiveBits(eden), 3.32);
}

struct UnbiasedCase {
  std::string name;
  std::string format;
  QuantizeOptions options;
};

std::vector<UnbiasedCase> UnbiasedCases() {
  std::vector<UnbiasedCase> cases;
  for (const Format* format : AllFormats()) {
    if (!format->info().stochastic_rounding) continue;
    QuantizeOptions options;
    options.rounding = Rounding::kStochastic;
    cases.push_back({std::string(format->info().name), std::string(format->info().name), options});
  }
  QuantizeOptions tseng;
  tseng.rounding = Rounding::kStochastic;
  tseng.prescale = 0.75f;
  tseng.hadamard = 32;
  cases.push_back({"mxfp4_prescaled_rotated", "mxfp4", tseng});
  QuantizeOptions eden;
  eden.ms_eden = true;
  eden.hadamard = 128;
  cases.push_back({"nvfp4_eden", "nvfp4", eden});
  return cases;
}

class UnbiasedTest : public testing::TestWithParam<UnbiasedCase> {};

TEST_P(UnbiasedTest, AveragingConvergesAsOneOverSquareRoot) {
  const MatrixShape shape = {16, 256};
  const std::vector<float> values = Gaussians(shape.size(), 22);
  std::vector<double> sum(values.size());
  double norm = 0, first = 0, last = 0;
  for (float value : values) norm += static_cast<double>(value) * value;
  constexpr int kRuns = 4096;
  for (int run = 1; run <= kRuns; ++run) {
    QuantizeOptions options = GetParam().options;
    options.step = options.signs.step = static_cast<uint64_t>(run);
    std::vector<float> decoded = RoundTrip(GetParam().format, values, shape, options);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += decoded[i];
    if (run != 16 && run != kRuns) continue;
    double error = 0;
    for (size_t i = 0; i < sum.size(); ++i) error += std::pow(sum[i] / run - values[i], 2);
    (run == 16 ? first : last) = std::sqrt(error / norm);
  }
  // 256 times as many runs: a 16th of the error.
  double exponent = std::log(last / first) / std::log(kRuns / 16.0);
  EXPECT_NEAR(exponent, -0.5, 0.04) << first << " after 16, " << last << " after " << kRuns;
}

INSTANTIATE_TEST_SUITE_P(Formats, UnbiasedTest, testing::ValuesIn(UnbiasedCases()),
                         [](const auto& info) { return info.param.name; });

TEST(StochasticTest, SeedStreamAndStepEachChangeTheBitsAndEqualOnesRepeatThem) {
  const std::vector<float> values = Gaussians(4096, 23);
  QuantizeOptions options;
  options.rounding = Rounding::kStochastic;
  std::vector<float> first = RoundTrip("nvfp4", values, {16, 256}, options);
  EXPECT_EQ(first, RoundTrip("nvfp4", values, {16, 256}, options));
  QuantizeOptions seed = options, stream = options, step = options;
  seed.seed = 1;
  stream.stream = 1;
  step.step = 1;
  EXPECT_NE(first, RoundTrip("nvfp4", values, {16, 256}, seed));
  EXPECT_NE(first, RoundTrip("nvfp4", values, {16, 256}, stream));
  EXPECT_NE(first, RoundTrip("nvfp4", values, {16, 256}, step));
}

TEST(PhiloxTest, GivesThePublishedVectors) {
  PhiloxWords zero = Philox(0, 0, 0);
  EXPECT_EQ(zero.words[0], 0x6627e8d5u);
  EXPECT_EQ(zero.words[3], 0x9b00dbd8u);
  PhiloxWords ones = Philox(~0ull, ~0ull, ~0ull);
  EXPECT_EQ(ones.words[0], 0x408f276du);
  EXPECT_EQ(ones.words[3], 0x6d5451fdu);
  PhiloxWords pi = Philox(0x299f31d0a4093822ull, 0x85a308d3243f6a88ull, 0x0370734413198a2eull);
  EXPECT_EQ(pi.words[0], 0xd16cfe09u);
  EXPECT_EQ(pi.words[3], 0x24126ea1u);
}

TEST(HadamardTest, FixedSignsAreThoseOfTransformerEngine) {
  float signs[16];
  FillSigns({.pattern = RotationSigns::Pattern::kFixed, .seed = 1, .step = 2}, 16, signs);
  std::string text;
  for (float sign : signs) text += sign < 0 ? '-' : '+';
  EXPECT_EQ(text, "+++-+------+-+--");
}

TEST(HadamardTest, SignsHaveAKeyOfTheirOwn) {
  const std::vector<float> values = Gaussians(4096, 23);
  QuantizeOptions options;
  options.hadamard = 32;
  const std::vector<float> first = RoundTrip("nvfp4", values, {16, 256}, options);
  QuantizeOptions noise = options, seed = options, step = options;
  noise.seed = noise.step = 5;
  noise.stream = 5;
  seed.signs.seed = 1;
  step.signs.step = 1;
  EXPECT_EQ(first, RoundTrip("nvfp4", values, {16, 256}, noise)) << "nearest needs no noise";
  EXPECT_NE(first, RoundTrip("nvfp4", values, {16, 256}, seed));
  EXPECT_NE(first, RoundTrip("nvfp4", values, {16, 256}, step));
}

TEST(HadamardTest, KeepsNormsAndIsUndoneAndIsTheMatrix) {
  for (int n : {16, 32, 64, 128}) {
    float signs[kMaxHadamard], group[kMaxHadamard] = {};
    int negative = 0;
    FillSigns({.seed = 1, .step = 2}, n, signs);
    for (int i = 0; i < n; ++i) negative += signs[i] < 0;
    EXPECT_GT(negative, n / 8);
    EXPECT_LT(negative, n - n / 8);
    for (int row : {0, 1, n - 1}) {
      for (int i = 0; i < n; ++i) group[i] = i == row ? 1.0f : 0.0f;
      RotateGroup(group, signs, n);
      for (int i = 0; i < n; ++i) {
        float entry = __builtin_parity(static_cast<unsigned>(row & i)) ? -1.0f : 1.0f;
        EXPECT_FLOAT_EQ(group[i], signs[row] * entry / std::sqrt(static_cast<float>(n)));
      }
      RotateGroupBack(group, signs, n);
      for (int i = 0; i < n; ++i) EXPECT_NEAR(group[i], i == row ? 1.0f : 0.0f, 1e-6);
    }
  }
}

TEST(ErrorStatsTest, CountsAndMeasuresByHand) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> original = {1.0f, -2.0f, 0.0f, 4.0f, inf};
  std::vector<float> decoded = {0.0f, -2.5f, 0.5f, 4.0f, 1.0f};
  ErrorStats stats = MeasureError(original, decoded, SerialFor);
  EXPECT_EQ(stats.count, 4);
  EXPECT_EQ(stats.num_relative, 3);
  EXPECT_EQ(stats.non_finite, 1);
  EXPECT_DOUBLE_EQ(stats.mean_abs_error, 0.5);
  EXPECT_DOUBLE_EQ(stats.mean_relative_error, 1.25 / 3);
  EXPECT_DOUBLE_EQ(stats.max_abs_error, 1.0);
  EXPECT_DOUBLE_EQ(stats.relative_mse, 1.5 / 21);
  EXPECT_DOUBLE_EQ(stats.sqnr_db, -10 * std::log10(1.5 / 21));
  EXPECT_EQ(stats.zeros_created, 1);
}

TEST(ErrorStatsTest, DoNotDependOnThreads) {
  std::vector<float> values = Gaussians(100000, 24),
                     decoded = RoundTrip("nf4", values, {100, 1000}, {});
  cpu::ThreadPool pool(3);
  ErrorStats serial = MeasureError(values, decoded, SerialFor),
             parallel = MeasureError(values, decoded, pool.parallel_for());
  EXPECT_EQ(serial.mean_abs_error, parallel.mean_abs_error);
  EXPECT_EQ(serial.relative_mse, parallel.relative_mse);
}

TEST(ErrorStatsTest, CountsWhatSaturates) {
  std::vector<float> values = {7.5f, 1.0f, -8.0f, 6.0f};
  QuantizeOptions options;
  Quantized mxfp4 = FindFormat("mxfp4")->Encode(values, {1, 4}, options);
  EXPECT_EQ(CountClipped(*FindFormat("mxfp4"), values, mxfp4, options), 0) << "8 makes the scale 2";
  values[2] = 0.0f;
  mxfp4 = FindFormat("mxfp4")->Encode(values, {1, 4}, options);
  EXPECT_EQ(CountClipped(*FindFormat("mxfp4"), values, mxfp4, options), 1);
  values = {6.0f, -6.0000005f, 0.0f, 1.0f};
  mxfp4 = FindFormat("mxfp4")->Encode(values, {1, 4}, options);
  EXPECT_EQ(CountClipped(*FindFormat("mxfp4"), values, mxfp4, options), 1)
      << "a power of two is exact";
  Quantized int8 = FindFormat("int8")->Encode(Gaussians(4096, 25), {16, 256}, options);
  EXPECT_EQ(CountClipped(*FindFormat("int8"), Gaussians(4096, 25), int8, options), 0);
}

}  // namespace
}  // namespace fp4::numerics
