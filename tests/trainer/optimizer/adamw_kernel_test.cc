// The expected numbers are those of bench/traces (updates.py), a program that shares no code.
#include "trainer/optimizer/adamw_kernel.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace fp4::trainer {
namespace {

constexpr int64_t kSize = 512;
constexpr int kSteps = 5;
constexpr std::array<size_t, 8> kShown = {0, 1, 77, 130, 255, 256, 400, 511};

double Noise(uint32_t i, uint32_t step) {
  uint32_t x = i * 2654435761u + step * 2246822519u;
  x ^= x >> 15;
  x *= 2246822519u;
  x ^= x >> 13;
  return x / 0x1p31 - 1.0;
}

spec::OptimizerSpec Spec() {
  spec::OptimizerSpec spec;
  spec.beta1 = 0.9;
  spec.beta2 = 0.95;
  spec.eps = 1e-8;
  return spec;
}

// A tensor with its gradient and moments in memory.
struct Tensor {
  explicit Tensor(spec::OptimizerStates states)
      : codecs{StateCodec::Find(states, Moment::kFirst),
               StateCodec::Find(states, Moment::kSecond)} {
    for (uint32_t i = 0; i < kSize; ++i) master[i] = static_cast<float>(0.1 * Noise(i, 0));
  }

  void MakeGradient(int step) {
    for (uint32_t i = 0; i < kSize; ++i) {
      gradient[i] = static_cast<float>(Noise(i, static_cast<uint32_t>(step)) *
                                       std::pow(10.0, -static_cast<double>(i % 4)));
    }
  }

  AdamWTensor Views() {
    return {.size = kSize,
            .master = {master.data()},
            .gradient = {gradient.data()},
            .first = {codecs[0], values[0].data(), scales[0].data()},
            .second = {codecs[1], values[1].data(), scales[1].data()}};
  }

  std::array<const StateCodec*, 2> codecs;
  std::vector<float> master = std::vector<float>(kSize), gradient = master;
  std::array<std::vector<float>, 2> values = {master, master}, scales = values;
};

void Train(Tensor& tensor, int steps, const numerics::ParallelFor& parallel_for) {
  for (int step = 1; step <= steps; ++step) {
    tensor.MakeGradient(step);
    UpdateAdamW(FactorsOf(Spec(), 0.01, 0.1, step), tensor.Views(), parallel_for);
  }
}

struct TraceCase {
  const char* name;
  spec::OptimizerStates states;
  std::array<float, 8> masters;
  double mean_first, mean_second;  // of |m| and v as they are kept
};

class AdamWKernelTraceTest : public testing::TestWithParam<TraceCase> {};

TEST_P(AdamWKernelTraceTest, FiveUpdatesAreThoseOfTheIndependentProgram) {
  Tensor tensor(GetParam().states);
  Train(tensor, kSteps, numerics::SerialFor);
  for (size_t i = 0; i < kShown.size(); ++i)
    EXPECT_NEAR(tensor.master[kShown[i]], GetParam().masters[i], 2e-7) << kShown[i];
  std::array<double, 2> sums = {};
  for (size_t moment = 0; moment < 2; ++moment) {
    const StateCodec& codec = *tensor.codecs[moment];
    std::vector<float> decoded(kSize);
    for (int64_t i = 0; i < kSize; i += codec.block()) {
      codec.Decode(reinterpret_cast<uint8_t*>(tensor.values[moment].data()) + codec.num_bytes(i),
                   tensor.scales[moment][i / codec.block()], decoded.data() + i);
    }
    for (float value : decoded) sums[moment] += std::abs(value);
  }
  EXPECT_NEAR(sums[0] / kSize, GetParam().mean_first, 1e-7);
  EXPECT_NEAR(sums[1] / kSize, GetParam().mean_second, 1e-7);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, AdamWKernelTraceTest,
    testing::Values(TraceCase{"eight",
                              spec::OptimizerStates::k8Bit,
                              {-0.112996683f, -0.00269038673f, -0.0374561548f, 0.0940705091f,
                               0.0957785249f, 0.0140910856f, 0.0152507555f, -0.010902673f},
                              0.024291063,
                              0.0191835358},
                    TraceCase{"four",
                              spec::OptimizerStates::k4Bit,
                              {-0.115176573f, -0.0143245459f, -0.0556922629f, 0.0874666795f,
                               0.091624096f, 0.0115760397f, 0.0127012748f, -0.0252079815f},
                              0.0244331604,
                              0.0254096769},
                    TraceCase{"fp8",
                              spec::OptimizerStates::kFp8,
                              {-0.112861976f, -0.00305029703f, -0.0385119878f, 0.0942866057f,
                               0.0935738385f, 0.0136260986f, 0.0154893845f, 0.0142062288f},
                              0.0243783329,
                              0.0192085856}),
    [](const auto& info) { return info.param.name; });

// Bitsandbytes' own bar: 50 updates by gradients of deviation .01, mean |W8 - W32| < 6e-5 after
// each. The weights are made equal again after each, the moments are not.
TEST(AdamWKernelTest, EightBitMomentsStayWithinTheBarOfBitsandbytes) {
  std::array<Tensor, 2> tensors = {Tensor(spec::OptimizerStates::kFp32),
                                   Tensor(spec::OptimizerStates::k8Bit)};
  spec::OptimizerSpec spec = Spec();
  spec.beta2 = 0.999;
  double sum = 0;
  for (uint32_t step = 1; step <= 50; ++step) {
    for (Tensor& tensor : tensors) {
      for (uint32_t i = 0; i < kSize; ++i)
        tensor.gradient[i] = static_cast<float>(
            0.01 * (Noise(i, 3 * step) + Noise(i, 3 * step + 1) + Noise(i, 3 * step + 2)));
      UpdateAdamW(FactorsOf(spec, 1e-3, 0.0, step), tensor.Views(), numerics::SerialFor);
    }
    for (int64_t i = 0; i < kSize; ++i) {
      sum += std::abs(tensors[0].master[i] - tensors[1].master[i]);
    }
    tensors[1].master = tensors[0].master;
  }
  EXPECT_LT(sum / (50 * kSize), 6e-5);
  EXPECT_GT(sum, 0);
}

TEST(AdamWKernelTest, RangesOfTheThreadsChangeNoBit) {
  for (auto states : {spec::OptimizerStates::k8Bit, spec::OptimizerStates::k4Bit}) {
    Tensor whole(states), cut(states);
    Train(whole, 3, numerics::SerialFor);
    Train(cut, 3, [](int64_t size, int64_t grain, const auto& work) {
      for (int64_t begin = (size - 1) / grain * grain; begin >= 0; begin -= grain)
        work(begin, std::min(begin + grain, size));
    });
    EXPECT_EQ(whole.master, cut.master);
    EXPECT_EQ(whole.values, cut.values);
  }
}

// The unrounded update is a quarter of a step of bf16: rounding to nearest would lose it always.
TEST(AdamWKernelTest, Bf16MastersFollowSmallUpdatesInTheMean) {
  std::vector<uint16_t> master(1 << 16, 0x3F80);  // 1
  std::vector<float> gradient(master.size(), 1.0f);
  std::vector<float> first(master.size()), second(master.size());
  AdamWTensor tensor{.size = static_cast<int64_t>(master.size()),
                     .master = {master.data(), FloatArray::Type::kBf16},
                     .gradient = {gradient.data()},
                     .first = {nullptr, first.data()},
                     .second = {nullptr, second.data()},
                     .rounding = {.key = 9, .step = 1}};
  UpdateAdamW(FactorsOf(Spec(), 0x1p-10, 0, 1), tensor, numerics::SerialFor);
  double sum = 0;
  for (uint16_t code : master) sum += numerics::Bf16Value(code);
  EXPECT_NEAR(sum / static_cast<double>(master.size()), 1 - 0x1p-10, 3e-5);
}

TEST(AdamWKernelTest, Bf16GradientsAreReadAsTheirValues) {
  Tensor exact(spec::OptimizerStates::k8Bit), bf16(spec::OptimizerStates::k8Bit);
  std::vector<uint16_t> codes(kSize);
  for (uint32_t i = 0; i < kSize; ++i) {
    codes[i] = static_cast<uint16_t>(numerics::Bf16Code(static_cast<float>(Noise(i, 1))));
    exact.gradient[i] = numerics::Bf16Value(codes[i]);
  }
  AdamWTensor views = bf16.Views();
  views.gradient = {codes.data(), FloatArray::Type::kBf16};
  UpdateAdamW(FactorsOf(Spec(), 0.01, 0.1, 1), exact.Views(), numerics::SerialFor);
  UpdateAdamW(FactorsOf(Spec(), 0.01, 0.1, 1), views, numerics::SerialFor);
  EXPECT_EQ(exact.master, bf16.master);
}

}  // namespace
}  // namespace fp4::trainer
