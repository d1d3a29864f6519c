// The CPU path against the scalar reference: codes, scales and decoded values byte for byte, on
// every instruction set of this machine, for every format, option and hard tensor.
#include <gtest/gtest.h>

#include <cstring>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "absl/strings/str_cat.h"
#include "hwy/targets.h"
#include "numerics/arithmetic/philox.h"
#include "numerics/cpu/quantize.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

testing::AssertionResult SameBits(std::span<const float> expected, std::span<const float> actual) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::memcmp(&expected[i], &actual[i], sizeof(float)) != 0) {
      return testing::AssertionFailure()
             << "element " << i << ": expected " << expected[i] << ", is " << actual[i];
    }
  }
  return testing::AssertionSuccess();
}

// What the reference makes of a tensor.
struct Expected {
  Quantized quantized;
  std::vector<float> decoded;

  Expected(const Format& format, const TensorCase& tensor, const QuantizeOptions& options)
      : quantized(format.Encode(tensor.values, tensor.shape, options)),
        decoded(tensor.values.size()) {
    format.Decode(quantized, options, decoded);
  }
};

void ExpectSameStorage(const Quantized& expected, const Quantized& actual) {
  EXPECT_EQ(expected.codes, actual.codes);
  EXPECT_EQ(expected.scales, actual.scales);
  EXPECT_EQ(expected.has_tensor_scale, actual.has_tensor_scale);
  EXPECT_TRUE(SameBits({&expected.tensor_scale, 1}, {&actual.tensor_scale, 1}));
  ASSERT_EQ(expected.scale_scales.size(), actual.scale_scales.size());
  EXPECT_TRUE(SameBits(expected.scale_scales, actual.scale_scales));
  EXPECT_TRUE(SameBits({&expected.scale_offset, 1}, {&actual.scale_offset, 1}));
}

void ExpectConforms(const Format& format, const TensorCase& tensor, const QuantizeOptions& options,
                    const Expected& expected, const ParallelFor& parallel) {
  Quantized quantized;
  ASSERT_TRUE(cpu::Encode(format, tensor.values, tensor.shape, options, quantized, parallel).ok());
  ExpectSameStorage(expected.quantized, quantized);

  std::vector<float> values(tensor.values.size());
  ASSERT_TRUE(cpu::Decode(format, expected.quantized, options, values, parallel).ok());
  EXPECT_TRUE(SameBits(expected.decoded, values)) << "decode";

  values = tensor.values;
  ASSERT_TRUE(
      cpu::QuantizeDequantize(format, values, tensor.shape, options, values, parallel).ok());
  EXPECT_TRUE(SameBits(expected.decoded, values)) << "round trip in place";
}

class ConformanceTest : public testing::TestWithParam<const Format*> {
 protected:
  ~ConformanceTest() override { hwy::SetSupportedTargetsForTest(0); }

  // Every instruction set that this machine has, then threads in another order on the best of them.
  void ExpectConformsEverywhere(const TensorCase& tensor, const OptionsCase& options) {
    const Expected expected(*GetParam(), tensor, options.options);
    SCOPED_TRACE(options.name + ", " + tensor.name);
    for (int64_t targets = supported_; targets != 0; targets &= targets - 1) {
      hwy::SetSupportedTargetsForTest(targets & -targets);
      SCOPED_TRACE(cpu::InstructionSet());
      ExpectConforms(*GetParam(), tensor, options.options, expected, SerialFor);
    }
    hwy::SetSupportedTargetsForTest(0);
    SCOPED_TRACE("two threads, backwards");
    ExpectConforms(*GetParam(), tensor, options.options, expected, BackwardsOnTwoThreads);
  }

  const int64_t supported_ = hwy::SupportedTargets();
};

TEST_P(ConformanceTest, EveryInstructionSetAndOrderGivesTheBytesOfTheReference) {
  for (const OptionsCase& options : OptionsCases(*GetParam())) {
    for (const TensorCase& tensor : TensorCases()) {
      if (!GetParam()->Check(options.options, tensor.shape).ok()) continue;
      ExpectConformsEverywhere(tensor, options);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ConformanceTest, RandomShapesToo) {
  for (uint64_t i = 0; i < 40; ++i) {
    PhiloxWords random = Philox(99, i, 0);
    MatrixShape shape = {1 + random.words[0] % 40, 1 + random.words[1] % 300};
    TensorCase tensor = {absl::StrCat("shape ", shape.rows, "x", shape.columns), shape,
                         Gaussians(shape.size(), i)};
    std::vector<OptionsCase> options = OptionsCases(*GetParam());
    const OptionsCase& chosen = options[random.words[2] % options.size()];
    if (!GetParam()->Check(chosen.options, shape).ok()) continue;
    ExpectConformsEverywhere(tensor, chosen);
    if (HasFailure()) return;
  }
}

TEST_P(ConformanceTest, DenormalsCountWhateverTheCallerHasSet) {
#if defined(__x86_64__)
  const TensorCase tensor = {"tiny", {16, 128}, [] {
                               std::vector<float> values = Gaussians(16 * 128, 1);
                               for (float& value : values) value *= 1e-39f;
                               return values;
                             }()};
  const Expected expected(*GetParam(), tensor, {});
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040);  // flush to zero, denormals are zero
  Quantized quantized;
  std::vector<float> decoded(tensor.values.size());
  absl::Status encoded =
      cpu::Encode(*GetParam(), tensor.values, tensor.shape, {}, quantized, SerialFor);
  absl::Status trip =
      cpu::QuantizeDequantize(*GetParam(), tensor.values, tensor.shape, {}, decoded, SerialFor);
  const Expected again(*GetParam(), tensor, {});
  const unsigned after = _mm_getcsr();
  _mm_setcsr(saved);
  EXPECT_EQ(after & 0x8040, 0x8040u) << "the caller's mode was not restored";
  ASSERT_TRUE(encoded.ok() && trip.ok());
  ExpectSameStorage(expected.quantized, quantized);
  ExpectSameStorage(expected.quantized, again.quantized);
  EXPECT_TRUE(SameBits(expected.decoded, decoded));
#else
  GTEST_SKIP() << "the mode is x86's";
#endif
}

INSTANTIATE_TEST_SUITE_P(Formats, ConformanceTest,
                         testing::ValuesIn(AllFormats().begin(), AllFormats().end()),
                         [](const auto& info) { return std::string(info.param->info().name); });

}  // namespace
}  // namespace fp4::numerics
