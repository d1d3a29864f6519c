// The integer GEMM against its definition, bit for bit, on every instruction set of this machine.
#include "numerics/gemm/gemm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cpu/thread_pool.h"
#include "tests/numerics/cases.h"
#include "tests/numerics/gemm/cases.h"

namespace fp4::numerics {
namespace {

constexpr uint8_t kOneE4M3 = 0x38, kOneE8M0 = 127;

testing::AssertionResult SameBits(const std::vector<float>& expected,
                                  const std::vector<float>& actual, int64_t columns) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (FloatBits(expected[i]) != FloatBits(actual[i])) {
      return testing::AssertionFailure() << "row " << static_cast<int64_t>(i) / columns
                                         << ", column " << static_cast<int64_t>(i) % columns
                                         << ": expected " << expected[i] << ", is " << actual[i];
    }
  }
  return testing::AssertionSuccess();
}

void ExpectConforms(const OwnedOperand& x, const OwnedOperand& w) {
  int64_t columns = w.quantized.shape.rows;
  std::vector<float> expected = ReferenceProduct(x, w);
  for (const TestedKernels& tested : AllTestedKernels()) {
    SCOPED_TRACE(tested.name);
    EXPECT_TRUE(SameBits(expected, Product(x, w, *tested.kernels, SerialFor), columns));
    EXPECT_TRUE(SameBits(expected, Product(x, w, *tested.kernels, BackwardsOnTwoThreads), columns))
        << "two threads, backwards";
  }
}

TEST(GemmTest, EveryProductOfTwoElementsIsExact) {
  for (std::string_view format : {"nvfp4", "mxfp4"}) {
    OwnedOperand x = {FindFormat(format), {}, {}};
    x.quantized.shape = {16, 16};
    x.quantized.codes.resize(16 * 8);
    for (size_t code = 0; code < 16; ++code)
      x.quantized.codes[code * 8] = static_cast<uint8_t>(code);
    x.quantized.scales.assign(16, format == "nvfp4" ? kOneE4M3 : kOneE8M0);
    x.quantized.has_tensor_scale = format == "nvfp4";
    x.quantized.tensor_scale = 2688.0f;  // a factor of 1
    for (const TestedKernels& tested : AllTestedKernels()) {
      std::vector<float> y = Product(x, x, *tested.kernels, SerialFor);
      for (uint32_t i = 0; i < 256; ++i) {
        EXPECT_EQ(y[i], E2M1Value(i / 16) * E2M1Value(i % 16))
            << tested.name << ", codes " << i / 16 << ", " << i % 16;
      }
    }
  }
}

TEST(GemmTest, LargestDotProductsDoNotSaturate) {
  for (std::string_view format : {"nvfp4", "mxfp4"}) {
    for (uint8_t code : {0x77, 0xFF}) {  // 6 and -6
      OwnedOperand x = RandomOperand(format, {7, 64}, 1, {format == "nvfp4" ? kOneE4M3 : kOneE8M0});
      OwnedOperand w = x;
      x.quantized.tensor_scale = w.quantized.tensor_scale = 2688.0f;
      std::fill(x.quantized.codes.begin(), x.quantized.codes.end(), uint8_t{0x77});
      std::fill(w.quantized.codes.begin(), w.quantized.codes.end(), code);
      for (const TestedKernels& tested : AllTestedKernels()) {
        std::vector<float> y = Product(x, w, *tested.kernels, SerialFor);
        EXPECT_THAT(y, testing::Each(code == 0x77 ? 36.0f * 64 : -36.0f * 64)) << tested.name;
      }
    }
  }
}

TEST(GemmTest, EveryHardTensorAndOptionGivesTheBitsOfTheReference) {
  for (std::string_view name : {"nvfp4", "mxfp4"}) {
    const Format& format = *FindFormat(name);
    for (const OptionsCase& options : OptionsCases(format)) {
      for (const TensorCase& tensor : TensorCases()) {
        MatrixShape w_shape = {37, tensor.shape.columns};
        if (!format.Check(options.options, tensor.shape).ok()) continue;
        if (!format.Check(options.options, w_shape).ok()) continue;
        SCOPED_TRACE(absl::StrCat(std::string(name), " ", options.name, ", ", tensor.name));
        OwnedOperand hard = EncodeOperand(name, tensor.shape, tensor.values, options.options);
        OwnedOperand plain =
            EncodeOperand(name, w_shape, Gaussians(w_shape.size(), 12), options.options);
        ExpectConforms(hard, plain);
        ExpectConforms(plain, hard);
        if (tensor.shape.rows < 64) ExpectConforms(hard, hard);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(GemmTest, RandomBytesOfRandomShapesToo) {
  for (uint64_t i = 0; i < 60; ++i) {
    PhiloxWords random = Philox(5, i, 0);
    int64_t columns = 1 + random.words[0] % (i % 10 == 0 ? 1500 : 130);
    MatrixShape x_shape = {1 + random.words[1] % 20, columns};
    MatrixShape w_shape = {1 + random.words[2] % 80, columns};
    bool nvfp4 = i % 2 == 0;
    SCOPED_TRACE(absl::StrCat(nvfp4 ? "nvfp4 " : "mxfp4 ", x_shape.rows, "x", columns, " times ",
                              w_shape.rows));
    // NaN in some, and both ends of the range; without NaN in the others.
    std::vector<uint8_t> scales = {0x00, 0x01, 0x07, 0x38, 0x3B, 0x55, 0x7E, 0x80, 0xB9};
    if (i % 3 == 0) scales.clear();
    std::string_view format = nvfp4 ? "nvfp4" : "mxfp4";
    ExpectConforms(
        RandomOperand(format, x_shape, 2 * i, scales),
        RandomOperand(format, w_shape, 2 * i + 1, scales, nvfp4 && i % 4 ? "16x16" : ""));
    if (HasFailure()) return;
  }
}

TEST(GemmTest, SeveralRowBlocksAndChunksOfK) {
  MatrixShape x_shape = {403, 1100}, w_shape = {70, 1100};
  for (std::string_view format : {"nvfp4", "mxfp4"}) {
    ExpectConforms(EncodeOperand(format, x_shape, Gaussians(x_shape.size(), 1)),
                   EncodeOperand(format, w_shape, Gaussians(w_shape.size(), 2)));
  }
}

// The scales' product, or the whole, leaves the range of fp32 or becomes subnormal there.
TEST(GemmTest, MxScalesOfBothEnds) {
  struct Row {
    std::string_view what;
    std::vector<uint8_t> x, w;
  };
  const Row rows[] = {
      {"scales overflow, products do not", {254}, {0, 1, 120}},
      {"scales' product overflows", {250}, {130, 131, 132, 133, 134, 135}},
      {"products overflow now and then", {243}, {127, 128, 129}},
      {"largest exact ones", {200}, {171}},
      {"first that may overflow", {200}, {172}},
      {"scales' product underflows, the sum does not", {0, 127}, {0, 127}},
      {"products are subnormal", {50}, {51, 52, 53, 60}},
      {"last exact scales", {53}, {54}},
      {"first inexact scales", {52}, {54}},
      {"NaN among extremes", {255, 0, 254}, {0, 254}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    for (uint64_t seed = 0; seed < 4; ++seed) {
      ExpectConforms(RandomOperand("mxfp4", {9, 32 * 7 + 5}, seed, row.x),
                     RandomOperand("mxfp4", {35, 32 * 7 + 5}, seed + 100, row.w));
    }
  }
}

// 36·32·2^118 leaves the range of fp32, and a sum that a fused operation would bring back into it
// does not.
TEST(GemmTest, ProductThatOverflowsIsInfinite) {
  OwnedOperand x = RandomOperand("mxfp4", {1, 64}, 1, {127});
  std::fill(x.quantized.codes.begin(), x.quantized.codes.end(), uint8_t{0x77});
  OwnedOperand w = x;
  std::fill_n(w.quantized.codes.begin(), 16, uint8_t{0xFF});
  w.quantized.scales = {127 + 117, 127 + 118};
  ASSERT_EQ(ReferenceProduct(x, w)[0], std::numeric_limits<float>::infinity());
  ExpectConforms(x, w);
}

TEST(GemmTest, FactorThatIsNotFinite) {
  for (float scale : {std::numeric_limits<float>::infinity(), -std::nanf("")}) {
    OwnedOperand x = EncodeOperand("nvfp4", {8, 48}, Gaussians(8 * 48, 1));
    OwnedOperand w = EncodeOperand("nvfp4", {40, 48}, Gaussians(40 * 48, 2));
    std::fill_n(x.quantized.codes.begin(), 3 * 24, uint8_t{0});  // 0 · Inf
    x.quantized.tensor_scale = scale;
    ASSERT_EQ(FloatBits(ReferenceProduct(x, w)[0]), kNanBits);
    ExpectConforms(x, w);
  }
}

// Subnormal products, subnormal scales, and a subnormal factor of the tensor.
TEST(GemmTest, CallersDenormalModeChangesNothing) {
#if defined(__x86_64__)
  OwnedOperand tiny = EncodeOperand("nvfp4", {7, 96}, Gaussians(7 * 96, 3));
  tiny.quantized.tensor_scale = 0x1p-130f;
  const std::pair<OwnedOperand, OwnedOperand> pairs[] = {
      {RandomOperand("mxfp4", {7, 96}, 1, {53}), RandomOperand("mxfp4", {40, 96}, 2, {54})},
      {RandomOperand("mxfp4", {7, 96}, 1, {0}), RandomOperand("mxfp4", {40, 96}, 2, {200})},
      {RandomOperand("mxfp4", {7, 96}, 1, {200}), RandomOperand("mxfp4", {40, 96}, 2, {0})},
      {tiny, RandomOperand("nvfp4", {40, 96}, 2, {0x7E})},
  };
  for (const auto& [x, w] : pairs) {
    std::vector<float> expected = ReferenceProduct(x, w);
    ASSERT_NE(expected[1], 0.0f);
    for (const TestedKernels& tested : AllTestedKernels()) {
      unsigned saved = _mm_getcsr();
      _mm_setcsr(saved | 0x8040);  // FTZ, DAZ
      std::vector<float> y = Product(x, w, *tested.kernels, SerialFor);
      std::vector<float> reference = ReferenceProduct(x, w);
      _mm_setcsr(saved);
      EXPECT_TRUE(SameBits(expected, y, 40)) << tested.name;
      EXPECT_TRUE(SameBits(expected, reference, 40));
    }
  }
#endif
}

TEST(GemmTest, AnyNumberOfThreadsGivesTheSameBits) {
  MatrixShape x_shape = {220, 400}, w_shape = {170, 400};
  OwnedOperand x = EncodeOperand("nvfp4", x_shape, Gaussians(x_shape.size(), 1));
  OwnedOperand w = EncodeOperand("nvfp4", w_shape, Gaussians(w_shape.size(), 2));
  std::vector<float> expected = Product(x, w);
  for (int threads : {2, 3, 5, 8}) {
    cpu::ThreadPool pool(threads);
    for (const TestedKernels& tested : AllTestedKernels()) {
      EXPECT_TRUE(SameBits(expected, Product(x, w, *tested.kernels, pool.parallel_for()), 170))
          << tested.name << " on " << threads << " threads";
    }
  }
}

// --- What the definition means, on the best path of this machine.

TEST(GemmMeaningTest, PoisonedBlocksAreNanWhereTheyTouch) {
  MatrixShape shape = {40, 64};
  std::vector<float> values = Gaussians(shape.size(), 3);
  values[5 * 64 + 20] = std::numeric_limits<float>::infinity();
  values[7 * 64 + 60] = std::nanf("");
  for (std::string_view format : {"nvfp4", "mxfp4"}) {
    OwnedOperand poisoned = EncodeOperand(format, shape, values);
    OwnedOperand plain = EncodeOperand(format, shape, Gaussians(shape.size(), 4));
    std::vector<float> rows = Product(poisoned, plain);
    std::vector<float> columns = Product(plain, poisoned);
    for (size_t i = 0; i < 40 * 40; ++i) {
      auto is_poisoned = [](size_t row) { return row == 5 || row == 7; };
      EXPECT_EQ(FloatBits(rows[i]) == kNanBits, is_poisoned(i / 40)) << i;
      EXPECT_EQ(FloatBits(columns[i]) == kNanBits, is_poisoned(i % 40)) << i;
    }
  }
}

TEST(GemmMeaningTest, UnderflowedScalesDecodeToZeroWhateverTheirCodes) {
  std::vector<float> values(32, 1e-20f);
  values[0] = 1.0f;  // the second block's scale is 0, its codes are saturated
  OwnedOperand x = EncodeOperand("nvfp4", {1, 32}, values);
  ASSERT_EQ(x.quantized.scales[1], 0);
  ASSERT_EQ(x.quantized.codes[15], 0x77);
  OwnedOperand w = EncodeOperand("nvfp4", {1, 32}, std::vector<float>(32, 1.0f));
  EXPECT_NEAR(Product(x, w)[0], 1.0f, 1e-6f);
}

TEST(GemmMeaningTest, ZeroBlocksDoNotCountAsTinyScales) {
  std::vector<float> values(64, 0.0f);
  values[40] = 3.0f;
  OwnedOperand x = EncodeOperand("mxfp4", {1, 64}, values);
  ASSERT_EQ(x.quantized.scales[0], 0);  // 2^-127
  PackedActivations packed;
  ASSERT_TRUE(PackActivations(x.view(), packed, SerialFor).ok());
  EXPECT_EQ(packed.min_exponent, -1);
  EXPECT_EQ(packed.max_exponent, -1);
}

// Every option that Encode knows, undone by the factors or by cancelling.
TEST(GemmMeaningTest, IsTheProductOfTheDecodedMatrices) {
  constexpr size_t kM = 6, kN = 20, kK = 384;
  for (std::string_view format : {"nvfp4", "mxfp4"}) {
    for (const OptionsCase& options : OptionsCases(*FindFormat(format))) {
      OwnedOperand x = EncodeOperand(format, {kM, kK}, Gaussians(kM * kK, 1), options.options);
      OwnedOperand w = EncodeOperand(format, {kN, kK}, Gaussians(kN * kK, 2), options.options);
      std::vector<float> x_values(kM * kK), w_values(kN * kK), y = Product(x, w);
      x.format->Decode(x.quantized, x.options, x_values);
      w.format->Decode(w.quantized, w.options, w_values);
      for (size_t i = 0; i < kM * kN; ++i) {
        double exact = 0;
        for (size_t k = 0; k < kK; ++k)
          exact += double{x_values[i / kN * kK + k]} * double{w_values[i % kN * kK + k]};
        ASSERT_NEAR(y[i], exact, 1e-3) << format << " " << options.name << ", element " << i;
      }
    }
  }
}

// The error of the product of two rotated operands in `nvfp4`, over the size of the exact one.
double RelativeError(const QuantizeOptions& x_options, const QuantizeOptions& w_options) {
  MatrixShape x_shape = {8, 256}, w_shape = {24, 256};
  std::vector<float> x = Gaussians(x_shape.size(), 1), w = Gaussians(w_shape.size(), 2);
  std::vector<float> y = Product(EncodeOperand("nvfp4", x_shape, x, x_options),
                                 EncodeOperand("nvfp4", w_shape, w, w_options));
  double error = 0, size = 0;
  for (size_t m = 0; m < 8; ++m) {
    for (size_t n = 0; n < 24; ++n) {
      double exact = 0;
      for (size_t k = 0; k < 256; ++k) exact += double{x[m * 256 + k]} * double{w[n * 256 + k]};
      error += std::pow(exact - y[m * 24 + n], 2);
      size += exact * exact;
    }
  }
  return error / size;
}

TEST(GemmMeaningTest, EqualRotationsCancel) {
  QuantizeOptions rotated, fixed;
  rotated.hadamard = 32;
  rotated.signs = {.seed = 9, .step = 4};
  fixed.hadamard = 16;
  fixed.signs.pattern = RotationSigns::Pattern::kFixed;
  // Two operands with about 0.9 % quantization error each.
  EXPECT_LT(RelativeError(rotated, rotated), 0.03);
  EXPECT_LT(RelativeError(fixed, fixed), 0.03);
}

TEST(GemmMeaningTest, OperandsShareSignsAndKeepNoiseOfTheirOwn) {
  QuantizeOptions x;
  x.hadamard = 32;
  x.rounding = Rounding::kStochastic;
  x.signs = {.seed = 9, .step = 4};
  x.seed = 1;
  QuantizeOptions w = x;
  w.seed = 2;
  w.stream = 3;
  w.step = 5;  // a weight that was rounded earlier
  EXPECT_LT(RelativeError(x, w), 0.06);
}

// |y - exact| <= ((blocks + 1) · 2^-24 · Σ|p|) · factor, plus one subnormal step: the tolerance
// that docs/gemm.md states.
TEST(GemmMeaningTest, LiesWithinTheStatedToleranceOfFp64) {
  for (int i = 0; i < 12; ++i) {
    int64_t columns = 16 + 301 * i;
    std::string_view format = i % 2 == 0 ? "nvfp4" : "mxfp4";
    MatrixShape x_shape = {5, columns}, w_shape = {33, columns};
    OwnedOperand x =
        EncodeOperand(format, x_shape, Gaussians(x_shape.size(), static_cast<uint64_t>(i)));
    OwnedOperand w =
        EncodeOperand(format, w_shape, Gaussians(w_shape.size(), static_cast<uint64_t>(i) + 50));
    std::vector<float> y = Product(x, w);
    std::vector<float> x_values(static_cast<size_t>(x_shape.size()));
    std::vector<float> w_values(static_cast<size_t>(w_shape.size()));
    // Without the factors of the tensors decoded values are exact in fp32.
    double factor = 1;
    for (OwnedOperand* operand : {&x, &w}) {
      if (format == "nvfp4") {
        factor *= double{operand->quantized.tensor_scale / 2688.0f};
        operand->quantized.tensor_scale = 2688.0f;
      }
    }
    x.format->Decode(x.quantized, x.options, x_values);
    w.format->Decode(w.quantized, w.options, w_values);
    int64_t block = format == "nvfp4" ? 16 : 32, blocks = (columns + block - 1) / block;
    for (size_t m = 0; m < 5; ++m) {
      for (size_t n = 0; n < 33; ++n) {
        double exact = 0, magnitudes = 0, product = 0;
        for (int64_t k = 0; k < columns; ++k) {
          product += double{x_values[m * static_cast<size_t>(columns) + static_cast<size_t>(k)]} *
                     double{w_values[n * static_cast<size_t>(columns) + static_cast<size_t>(k)]};
          if ((k + 1) % block != 0 && k + 1 != columns) continue;
          exact += product;
          magnitudes += std::fabs(product);
          product = 0;
        }
        double tolerance = static_cast<double>(blocks + 1) * 0x1p-24 * magnitudes * factor;
        EXPECT_NEAR(y[m * 33 + n], exact * factor, tolerance + 0x1p-149) << m << ", " << n;
      }
    }
  }
}

TEST(GemmMeaningTest, PackedBytesAreAsDocumented) {
  OwnedOperand w = EncodeOperand("nvfp4", {64, 256}, Gaussians(64 * 256, 1));
  PackedWeights packed;
  ASSERT_TRUE(PackWeights(w.view(), packed, SerialFor).ok());
  EXPECT_EQ(packed.bytes(), 64 * 256 * 10 / 16);
  PackedActivations activations;
  OwnedOperand x = EncodeOperand("nvfp4", {48, 256}, Gaussians(48 * 256, 1));
  ASSERT_TRUE(PackActivations(x.view(), activations, SerialFor).ok());
  EXPECT_EQ(activations.bytes(), 48 * 256 * 3 / 2);
}

}  // namespace
}  // namespace fp4::numerics
