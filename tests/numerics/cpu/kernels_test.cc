// Kernels of the CPU path whose shortcuts the small tensors of the conformance test do not reach:
// long sums in order, maxima of long tensors, output past the cache. On every instruction set of
// this machine.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "hwy/targets.h"
#include "numerics/arithmetic/philox.h"
#include "numerics/cpu/job.h"
#include "numerics/cpu/quantize.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics::cpu {
namespace {

class CpuKernelsTest : public testing::Test {
 protected:
  ~CpuKernelsTest() override { hwy::SetSupportedTargetsForTest(0); }

  template <class Check>
  void OnEveryInstructionSet(Check&& check) {
    for (int64_t targets = supported_; targets != 0; targets &= targets - 1) {
      hwy::SetSupportedTargetsForTest(targets & -targets);
      SCOPED_TRACE(InstructionSet());
      check();
    }
  }

  // The sum of magnitudes from `start` has the bits of the one made one by one.
  void ExpectOrderedSum(const std::vector<float>& values, double start) {
    double expected = start;
    for (float value : values) expected += std::fabs(value);
    OnEveryInstructionSet([&] {
      double sum = start;
      EXPECT_TRUE(AddMagnitudes(values.data(), static_cast<int64_t>(values.size()), &sum));
      EXPECT_EQ(__builtin_bit_cast(uint64_t, expected), __builtin_bit_cast(uint64_t, sum))
          << expected << " and " << sum;
    });
  }

  const int64_t supported_ = hwy::SupportedTargets();
};

// Mantissas at random, exponents within `spread` below `top`.
std::vector<float> Spread(int64_t size, int top, int spread, uint64_t seed) {
  std::vector<float> values;
  for (int64_t i = 0; i < size; ++i) {
    PhiloxWords r = Philox(seed, static_cast<uint64_t>(i), 0);
    float mantissa = 1.0f + static_cast<float>(r.words[0] >> 9) * 0x1p-23f;
    values.push_back(std::ldexp(mantissa, top - static_cast<int>(r.words[1] % (spread + 1))));
  }
  return values;
}

TEST_F(CpuKernelsTest, SumOfAWholeNumberOfRoundingsHasTheBitsOfTheOneInOrder) {
  ExpectOrderedSum(Gaussians(5000, 1), 0.0);
  ExpectOrderedSum(Gaussians(5000, 2), 1e7);
  ExpectOrderedSum(Gaussians(300'001, 3), 0.0);
  ExpectOrderedSum(std::vector<float>(1000, 0.0f), 0.0);
}

TEST_F(CpuKernelsTest, SumOfTiesAndOfEveryExponentHasTheBitsOfTheOneInOrder) {
  // The last bit of a sum in [2^30, 2^31) is 2^-22, so many of these lie half-way.
  ExpectOrderedSum(Spread(20'000, 3, 6, 4), 0x1p30);
  ExpectOrderedSum(Spread(20'000, 0, 0, 5), 0x1.8p29);
  ExpectOrderedSum(Spread(20'000, 127, 250, 6), 0.0);
  ExpectOrderedSum(Spread(20'000, 0, 140, 7), 1.0);
  ExpectOrderedSum(std::vector<float>(5000, 0x1p-23f), 0x1.fffffffffffffp29);
}

TEST_F(CpuKernelsTest, SumThatLeavesItsBinadeHasTheBitsOfTheOneInOrder) {
  ExpectOrderedSum(Gaussians(1000, 8), 0x1.fffffffp29);
  std::vector<float> growing;
  for (int i = 0; i < 250; ++i) growing.push_back(std::ldexp(1.5f, i - 126));
  ExpectOrderedSum(growing, 0.0);
  growing.insert(growing.end(), 600, 1.1f);
  ExpectOrderedSum(growing, 3.0);
}

TEST_F(CpuKernelsTest, SumOverWhatIsNotFiniteSaysSo) {
  for (float bad : {std::numeric_limits<float>::infinity(), -std::nanf("")}) {
    for (size_t place : {size_t{0}, size_t{257}, size_t{1002}}) {
      std::vector<float> values = Gaussians(1003, 9);
      values[place] = bad;
      OnEveryInstructionSet([&] {
        for (double start : {0.0, 1e9}) {
          EXPECT_FALSE(AddMagnitudes(values.data(), 1003, &start)) << bad << " at " << place;
        }
      });
    }
  }
}

TEST_F(CpuKernelsTest, TensorAmaxIsFoundWhereverItStands) {
  const MatrixShape shape = {3, 65'539};
  for (int64_t place : {0, 16'383, 16'384, 65'535, 65'536, 150'000, 3 * 65'539 - 1}) {
    std::vector<float> values = Gaussians(shape.size(), 10), decoded(values.size());
    values[static_cast<size_t>(place)] = -77.0f;
    values[static_cast<size_t>((place + 5) % shape.size())] = std::nanf("");
    OnEveryInstructionSet([&] {
      Quantized quantized;
      ASSERT_TRUE(Encode(*FindFormat("nvfp4"), values, shape, {}, quantized, SerialFor).ok());
      EXPECT_EQ(quantized.tensor_scale, 77.0f) << "at " << place;
    });
  }
}

TEST_F(CpuKernelsTest, OutputPastTheCacheIsTheSame) {
  const MatrixShape shape = {2048 + 1, 4096};
  std::vector<float> values = Gaussians(shape.size(), 11), in_place;
  auto deleter = [](float* memory) { std::free(memory); };
  const auto bytes = static_cast<size_t>(shape.size()) * 4;
  std::unique_ptr<float, decltype(deleter)> streamed(
      static_cast<float*>(std::aligned_alloc(64, bytes)), deleter);
  const std::span<float> decoded(streamed.get(), values.size());
  for (const char* name : {"fp4", "nvfp4", "int8", "fp16"}) {
    in_place = values;
    const Format& format = *FindFormat(name);
    ASSERT_TRUE(QuantizeDequantize(format, in_place, shape, {}, in_place, SerialFor).ok());
    ASSERT_TRUE(QuantizeDequantize(format, values, shape, {}, decoded, SerialFor).ok());
    EXPECT_EQ(std::memcmp(in_place.data(), decoded.data(), bytes), 0) << name;
  }
}

}  // namespace
}  // namespace fp4::numerics::cpu
