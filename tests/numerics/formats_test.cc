// The registry, the options that are refused, and storage worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/format.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Format& Find(std::string_view name) {
  const Format* format = FindFormat(name);
  EXPECT_NE(format, nullptr) << name;
  return *format;
}

Quantized Encode(std::string_view name, std::vector<float> values, MatrixShape shape,
                 QuantizeOptions options = {}) {
  EXPECT_TRUE(Find(name).Check(options, shape).ok()) << Find(name).Check(options, shape);
  return Find(name).Encode(values, shape, options);
}

std::vector<float> Decode(std::string_view name, const Quantized& quantized,
                          QuantizeOptions options = {}) {
  std::vector<float> values(static_cast<size_t>(quantized.shape.size()));
  Find(name).Decode(quantized, options, values);
  return values;
}

std::vector<float> FloatScales(const Quantized& quantized) {
  std::vector<float> scales(quantized.scales.size() / 4);
  std::memcpy(scales.data(), quantized.scales.data(), quantized.scales.size());
  return scales;
}

TEST(RegistryTest, EveryFileInFormatsIsARegisteredFormatOfThatName) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FP4_FORMATS_FOLDER)) {
    ++files;
    EXPECT_NE(FindFormat(entry.path().stem().string()), nullptr) << entry.path();
  }
  EXPECT_EQ(files, AllFormats().size());
  EXPECT_GE(files, 14u);
  EXPECT_EQ(FindFormat("fp5"), nullptr);
}

TEST(RegistryTest, FormatsAreInOrderAndTheirOwnDefaultsAreAllowed) {
  auto by_name = [](const Format* a, const Format* b) { return a->info().name < b->info().name; };
  EXPECT_TRUE(std::is_sorted(AllFormats().begin(), AllFormats().end(), by_name));
  for (const Format* format : AllFormats()) {
    EXPECT_TRUE(format->Check({}, {32, 256}).ok()) << format->info().name;
    EXPECT_THAT(format->info().blocks, testing::Contains(format->info().default_block));
  }
}

TEST(ParseBlockTest, ReadsEachKindAndRefusesTheRest) {
  EXPECT_EQ(*ParseBlock("64"), (BlockShape{BlockShape::Kind::kFlat, 1, 64}));
  EXPECT_EQ(*ParseBlock("16x32"), (BlockShape{BlockShape::Kind::kTile, 16, 32}));
  EXPECT_EQ(ParseBlock("row")->kind, BlockShape::Kind::kRow);
  EXPECT_EQ(ParseBlock("tensor")->kind, BlockShape::Kind::kTensor);
  EXPECT_EQ(ParseBlock("none")->kind, BlockShape::Kind::kElement);
  for (const char* text :
       {"", "0", "-1", "x", "1x", "x16", "1x0", "1x16x2", "64 ", "99999999999999999999", "6.4"}) {
    EXPECT_THAT(ParseBlock(text).status().message(), HasSubstr("none of")) << text;
  }
}

struct RefusedCase {
  const char* format;
  QuantizeOptions options;
  MatrixShape shape;
  const char* message;
};

template <class Change>
QuantizeOptions With(Change change) {
  QuantizeOptions options;
  change(options);
  return options;
}

TEST(CheckTest, ImpossibleCombinationsSayWhy) {
  auto stochastic = [](QuantizeOptions& o) { o.rounding = Rounding::kStochastic; };
  const RefusedCase cases[] = {
      {"fp4", With([](auto& o) { o.block = "48"; }), {1, 64}, "fp4: block 48: allowed: 32, 64"},
      {"fp4", With([](auto& o) { o.block = "many"; }), {1, 64}, "block many: is not a block"},
      {"nvfp4", With([](auto& o) { o.block = "32"; }), {1, 64}, "allowed: 1x16, 16x16"},
      {"fp4", {}, {0, 64}, "shape 0x64"},
      {"fp4", {}, {1, -64}, "shape 1x-64"},
      {"fp4", {}, {int64_t{1} << 40, int64_t{1} << 40}, "larger than can be addressed"},
      {"ternary", With(stochastic), {1, 64}, "clips most values"},
      {"fp32", With(stochastic), {1, 64}, "keeps every value"},
      {"nvfp4", With([](auto& o) { o.scale_mode_set = true; }), {1, 64}, "E8M0"},
      {"int8", With([](auto& o) { o.double_quantization = true; }), {1, 64}, "only fp4 and nf4"},
      {"mxfp4", With([](auto& o) { o.four_over_six = FourOverSix::kMse; }), {1, 64}, "only nvfp4"},
      {"nvfp4",
       With([&](auto& o) {
         stochastic(o);
         o.four_over_six = FourOverSix::kMae;
       }),
       {1, 64},
       "biased"},
      {"fp4",
       With([](auto& o) { o.hadamard = 24; }),
       {1, 64},
       "hadamard 24: must be 16, 32, 64 or 128"},
      {"fp4", With([](auto& o) { o.hadamard = 64; }), {4, 96}, "does not divide the 96 columns"},
      {"nvfp4",
       With([](auto& o) {
         o.hadamard = 32;
         o.signs.pattern = RotationSigns::Pattern::kFixed;
       }),
       {4, 64},
       "nvfp4: hadamard_signs fixed: there are sixteen fixed signs, for hadamard 16; it is 32"},
      {"nvfp4",
       With([](auto& o) { o.signs.pattern = RotationSigns::Pattern::kFixed; }),
       {4, 64},
       "hadamard_signs fixed: needs hadamard 16"},
      {"nvfp4", With([](auto& o) { o.ms_eden = true; }), {1, 128}, "needs hadamard 128"},
      {"nvfp4",
       With([](auto& o) {
         o.ms_eden = true;
         o.hadamard = 128;
         o.block = "16x16";
       }),
       {16, 128},
       "1x16"},
      {"mxfp4",
       With([](auto& o) {
         o.ms_eden = true;
         o.hadamard = 128;
       }),
       {1, 128},
       "only nvfp4"},
      {"fp4", With([](auto& o) { o.headroom = -1; }), {1, 64}, "headroom -1"},
      {"fp4", With([](auto& o) { o.headroom = std::nanf(""); }), {1, 64}, "headroom"},
      {"binary",
       With([](auto& o) { o.headroom = 2; }),
       {1, 64},
       "no scale made from a block's maximum"},
      {"fp4", With([](auto& o) { o.prescale = 0; }), {1, 64}, "prescale 0"},
      {"fp8_e4m3",
       With([](auto& o) {
         o.block = "none";
         o.prescale = 0.75f;
       }),
       {1, 64},
       "block none"},
      {"fp8_e5m2",
       With([](auto& o) {
         o.block = "none";
         o.headroom = 2;
       }),
       {1, 64},
       "block none"},
      {"fp4",
       With([](auto& o) { o.tensor_amax = 1; }),
       {1, 64},
       "no scale of the tensor's maximum"},
      {"nvfp4", With([](auto& o) { o.tensor_amax = -1; }), {1, 64}, "finite and not negative"},
  };
  for (const RefusedCase& row : cases) {
    absl::Status status = Find(row.format).Check(row.options, row.shape);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.message)) << row.format;
  }
}

TEST(CheckTest, ABareNumberIsABlockAlongTheRowWhereBlocksAreNotFlat) {
  EXPECT_TRUE(Find("int4").Check(With([](auto& o) { o.block = "128"; }), {4, 100}).ok());
  EXPECT_TRUE(Find("nvfp4").Check(With([](auto& o) { o.block = "16"; }), {4, 100}).ok());
}

TEST(StorageTest, Fp4PacksTheFirstElementHighAndPadsAnOddTail) {
  // absmax 2: 2 -> 1.0 (code 3), -1 -> 0.5 (5 | 8), 0.5 -> 0.25 (7), -0.0 -> 0, tiny negative -> 8.
  Quantized quantized = Encode("fp4", {2.0f, -1.0f, 0.5f, -0.0f, -1e-6f}, {1, 5});
  EXPECT_THAT(quantized.codes, ElementsAre(0x3D, 0x70, 0x80));
  EXPECT_THAT(FloatScales(quantized), ElementsAre(2.0f));
  EXPECT_THAT(Decode("fp4", quantized), ElementsAre(2.0f, -1.0f, 0.5f, 0.0f, -0.0f));
  EXPECT_EQ(quantized.stored_bytes(), 7);
}

TEST(StorageTest, Fp4ScalesByAReciprocalNotByADivision) {
  // 1/0.3f rounds up: 0.0249999985 * (1/0.3f) lies above the threshold that the quotient does not
  // reach.
  float amax = 0.3f, inverse = 1.0f / amax;
  for (float x = 0.0f; x < amax; x = std::nextafter(x + amax * 1e-4f, 1.0f)) {
    uint8_t code = Encode("fp4", {amax, x}, {1, 2}).codes[0] & 15;
    float a = x * inverse;
    EXPECT_EQ(code, a > 0.29166667f
                        ? (a > 0.583333f ? (a > 0.8333333f ? 3 : 2) : (a > 0.4166667f ? 5 : 4))
                        : (a > 0.0859375f ? (a > 0.20833333f ? 7 : 6) : (a > 0.00260417f ? 1 : 0)));
  }
}

TEST(StorageTest, ZeroBlocks) {
  std::vector<float> zeros(4);
  EXPECT_THAT(Encode("fp4", zeros, {1, 4}).codes, ElementsAre(0, 0));
  EXPECT_THAT(Encode("nf4", zeros, {1, 4}).codes, ElementsAre(0x77, 0x77));
  EXPECT_THAT(Encode("mxfp4", zeros, {1, 4}).scales, ElementsAre(0));
  EXPECT_THAT(Encode("nvfp4", zeros, {1, 4}).scales, ElementsAre(0));
  for (const Format* format : AllFormats()) {
    Quantized quantized = format->Encode(zeros, {1, 4}, {});
    std::vector<float> decoded(4, 1.0f);
    format->Decode(quantized, {}, decoded);
    EXPECT_THAT(decoded, testing::Each(0.0f)) << format->info().name;
  }
}

TEST(StorageTest, Mxfp4PacksTheFirstElementLow) {
  // amax 6: scale 2^0. Codes 7, 15 (-6), 1 (0.5), 0 (0.25 is a tie to even), 2 (1).
  Quantized quantized = Encode("mxfp4", {6.0f, -6.0f, 0.5f, 0.25f, 1.0f}, {1, 5});
  EXPECT_THAT(quantized.codes, ElementsAre(0xF7, 0x01, 0x02));
  EXPECT_THAT(quantized.scales, ElementsAre(127));
}

TEST(StorageTest, Mxfp4SaturatesWhatFloorLeavesTooLarge) {
  Quantized quantized = Encode("mxfp4", {7.5f, 1.0f}, {1, 2});
  EXPECT_THAT(quantized.scales, ElementsAre(127));
  EXPECT_THAT(Decode("mxfp4", quantized), ElementsAre(6.0f, 1.0f));
}

TEST(StorageTest, Nvfp4HasTwoLevelsOfScales) {
  // amax 6: s_enc 448; block 0 scale E4M3(448) = 0x7E; block 1, amax 3: E4M3(224) = 0x76; decode
  // factor 6/2688.
  std::vector<float> values(32, 0.0f);
  values[0] = 6.0f;
  values[1] = -1.0f;
  values[16] = 3.0f;
  values[17] = 0.25f;
  Quantized quantized = Encode("nvfp4", values, {1, 32});
  EXPECT_THAT(quantized.scales, ElementsAre(0x7E, 0x76));
  EXPECT_TRUE(quantized.has_tensor_scale);
  EXPECT_EQ(quantized.tensor_scale, 6.0f);
  EXPECT_EQ(quantized.codes[0], 0xA7);
  EXPECT_EQ(quantized.codes[8], 0x17);
  std::vector<float> decoded = Decode("nvfp4", quantized);
  EXPECT_FLOAT_EQ(decoded[0], 6.0f);
  EXPECT_FLOAT_EQ(decoded[17], 0.25f);
}

TEST(StorageTest, Nvfp4KeepsTinyGradients) {
  std::vector<float> values = Gaussians(256, 3);
  for (float& value : values) value *= 1e-12f;
  std::vector<float> decoded = Decode("nvfp4", Encode("nvfp4", values, {1, 256}));
  double error = 0, norm = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    error += std::pow((decoded[i] - values[i]) * 1e12, 2);
    norm += std::pow(values[i] * 1e12, 2);
  }
  EXPECT_LT(error / norm, 0.02);
}

TEST(StorageTest, SquareTilesMakeTheTransposeTheSame) {
  QuantizeOptions options = With([](auto& o) { o.block = "16x16"; });
  std::vector<float> values = Gaussians(32 * 48, 4), transposed(values.size());
  auto transpose = [](const std::vector<float>& from, std::vector<float>& to, size_t rows,
                      size_t columns) {
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  };
  transpose(values, transposed, 32, 48);
  std::vector<float> decoded = Decode("nvfp4", Encode("nvfp4", values, {32, 48}, options), options);
  std::vector<float> of_transposed =
      Decode("nvfp4", Encode("nvfp4", transposed, {48, 32}, options), options);
  std::vector<float> back(values.size());
  transpose(of_transposed, back, 48, 32);
  EXPECT_EQ(decoded, back);
}

TEST(StorageTest, FourOverSixTakesTheBetterScaleAndKeepsSixOnATie) {
  // Values at 0, 4 of 4 and 3 of 4: exact with the scale that maps the amax to 4, off by one step
  // with the one to 6.
  QuantizeOptions options = With([](auto& o) { o.four_over_six = FourOverSix::kMse; });
  std::vector<float> values(32, 0.0f);
  for (size_t i = 0; i < 16; ++i) values[i] = i % 2 == 0 ? 4.0f : 3.0f;
  values[16] = 4.0f;
  Quantized quantized = Encode("nvfp4", values, {1, 32}, options);
  EXPECT_EQ(quantized.scales[1], 0x78) << "256: a block of one value is exact either way";
  EXPECT_EQ(quantized.scales[0], 0x7C) << "384 = 1.5 * 256";
  EXPECT_THAT(std::vector(quantized.codes.begin(), quantized.codes.begin() + 2),
              ElementsAre(0x56, 0x56));
}

TEST(StorageTest, IntegersAreTwosComplementAndTernaryIsShiftedByOne) {
  EXPECT_THAT(Encode("int8", {127.0f, -127.0f, 0.5f, -1.5f}, {1, 4}).codes,
              ElementsAre(127, 129, 0, 254));
  EXPECT_THAT(Encode("int4", {7.0f, -7.0f, -1.0f}, {1, 3}).codes, ElementsAre(0x97, 0x0F));
  // mean magnitude 1: 2 -> 1, -0.4 -> 0, -0.6 -> -1, 1 -> 1; codes 2, 1, 0, 2.
  Quantized ternary = Encode("ternary", {2.0f, -0.4f, -0.6f, 1.0f}, {1, 4});
  EXPECT_THAT(ternary.codes, ElementsAre(2 | 1 << 2 | 0 << 4 | 2 << 6));
  EXPECT_EQ(ternary.tensor_scale, 1.0f);
  Quantized binary = Encode("binary", {1.0f, -3.0f, 0.0f, -0.0f}, {1, 4});
  EXPECT_THAT(binary.codes, ElementsAre(0b0010));
  EXPECT_THAT(Decode("binary", binary), ElementsAre(1.0f, -1.0f, 1.0f, 1.0f));
}

TEST(StorageTest, Fp8ScalesToItsLargestNumber) {
  Quantized quantized = Encode("fp8_e4m3", {896.0f, -2.0f}, {1, 2});
  EXPECT_THAT(FloatScales(quantized), ElementsAre(2.0f));
  EXPECT_THAT(quantized.codes, ElementsAre(0x7E, 0xB8));
}

TEST(PoisonTest, ANonFiniteElementPoisonsTheInnermostScaleOverIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values(64, 1.0f);
  values[5] = nan;
  Quantized nvfp4 = Encode("nvfp4", values, {1, 64});
  EXPECT_EQ(nvfp4.scales[0], 0x7F);
  EXPECT_EQ(nvfp4.scales[1], 0x7E);
  EXPECT_EQ(nvfp4.tensor_scale, 1.0f);
  Quantized mxfp4 = Encode("mxfp4", values, {1, 64});
  EXPECT_THAT(mxfp4.scales, ElementsAre(0xFF, 125));
  EXPECT_EQ(mxfp4.codes[0], 0);
  for (const char* name :
       {"fp4", "nf4", "int4", "int8", "mxfp8", "nvfp4", "binary", "ternary", "fp8_e5m2"}) {
    EXPECT_TRUE(std::isnan(Decode(name, Encode(name, values, {1, 64}))[5])) << name;
  }
  QuantizeOptions none = With([](auto& o) { o.block = "none"; });
  EXPECT_EQ(Encode("fp8_e4m3", values, {1, 64}, none).codes[5], 0x7F);
  EXPECT_EQ(Decode("fp8_e4m3", Encode("fp8_e4m3", values, {1, 64}, none), none)[6], 1.0f);
}

struct BitsCase {
  const char* format;
  const char* block;
  bool nested;
  double bits;
};

TEST(BitsPerValueTest, AreWhatIsStored) {
  const BitsCase cases[] = {{"fp4", "64", false, 4.5},
                            {"nf4", "64", true, 4.127},
                            {"mxfp4", "", false, 4.25},
                            {"nvfp4", "1x16", false, 4.5},
                            {"nvfp4", "16x16", false, 4.03125},
                            {"int4", "128", false, 4.25},
                            {"ternary", "", false, 2},
                            {"binary", "", false, 1.03125},
                            {"fp8_e4m3", "", false, 8},
                            {"int8", "row", false, 8.03125},
                            {"bf16", "", false, 16},
                            {"fp32", "", false, 32}};
  for (const BitsCase& row : cases) {
    QuantizeOptions options = With([&](auto& o) {
      o.block = row.block;
      o.double_quantization = row.nested;
    });
    EXPECT_NEAR(Find(row.format).BitsPerValue(options, {1024, 1024}), row.bits, 5e-4) << row.format;
  }
  for (const Format* format : AllFormats()) {
    for (const OptionsCase& options : OptionsCases(*format)) {
      MatrixShape shape = {33, 128};
      if (!format->Check(options.options, shape).ok()) continue;
      Quantized quantized = format->Encode(Gaussians(shape.size(), 1), shape, options.options);
      EXPECT_DOUBLE_EQ(
          format->BitsPerValue(options.options, shape),
          8.0 * static_cast<double>(quantized.stored_bytes()) / static_cast<double>(shape.size()))
          << format->info().name << " " << options.name;
    }
  }
}

TEST(DynamicMapTest, HasTheValuesOfTorch) {
  const auto& map = DynamicMap();
  EXPECT_TRUE(std::is_sorted(map.begin(), map.end()));
  EXPECT_EQ(map[127], 0.0f);
  EXPECT_EQ(map[255], 1.0f);
  EXPECT_FLOAT_EQ(map[0], -0.99296875f);
  EXPECT_EQ(map[18], -0.739843726f);  // differs in its last bit without a fused multiply-add
  EXPECT_EQ(map[23], -0.669531226f);
  for (int code = 0; code < 256; ++code)
    EXPECT_EQ(DynamicCode(map[static_cast<size_t>(code)]), code);
}

TEST(DynamicMapTest, NestedScalesComeBackCloseAndOneBlockExactly) {
  EXPECT_THAT(Decode("nf4", Encode("nf4", {3.0f, -3.0f}, {1, 2}, With([](auto& o) {
                                     o.double_quantization = true;
                                   })),
                     With([](auto& o) { o.double_quantization = true; })),
              ElementsAre(3.0f, -3.0f));
  std::vector<float> absmax = Gaussians(1000, 5), back(1000);
  for (float& value : absmax) value = 3.0f + std::fabs(value);
  UnnestScales(NestScales(absmax), back);
  for (size_t i = 0; i < absmax.size(); ++i) EXPECT_NEAR(back[i], absmax[i], 0.05);
}

}  // namespace
}  // namespace fp4::numerics
