#include "tests/numerics/cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <thread>

#include "numerics/arithmetic/random.h"

namespace fp4::numerics {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();
constexpr float kSmallest = std::numeric_limits<float>::min();
constexpr float kLargest = std::numeric_limits<float>::max();

std::vector<float> Repeat(std::vector<float> pattern, size_t size) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = pattern[i % pattern.size()];
  return values;
}

std::vector<float> Scaled(std::vector<float> values, float factor) {
  for (float& value : values) value *= factor;
  return values;
}

// A multiple of every tie of E2M1 and of integers, both signs, with 6 as the block's maximum.
std::vector<float> Ties(size_t size) {
  return Repeat(
      {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f,  5.0f, 6.0f,  -0.25f, -0.75f, -1.25f, -1.75f,
       -2.5f, -3.5f, -5.0f, -6.0f, 0.5f, -0.5f, 1.5f, -1.5f, 4.5f,   -4.5f,  5.5f,   -5.5f},
      size);
}

// Each block of 32 at another power of two, from below the subnormals to the largest.
std::vector<float> Ladder(size_t size) {
  std::vector<float> values = Gaussians(static_cast<int64_t>(size), 3);
  for (size_t i = 0; i < size; ++i) {
    int exponent = -150 + static_cast<int>(i / 32 * 4 % 276);
    values[i] = std::ldexp(std::tanh(values[i]), exponent);
  }
  return values;
}

std::vector<float> Poisoned(size_t size) {
  std::vector<float> values = Gaussians(static_cast<int64_t>(size), 5);
  values[3] = kNan;
  values[size / 2] = kInf;
  values[size - 1] = -kInf;
  return values;
}

std::vector<float> StudentT(size_t size) {
  std::vector<float> values = Gaussians(static_cast<int64_t>(size), 7);
  std::vector<float> divisor = Gaussians(static_cast<int64_t>(size), 8);
  for (size_t i = 0; i < size; ++i) values[i] /= std::fabs(divisor[i]) + 1e-3f;
  return values;
}

// Any 32 bits at all: every exponent, NaNs of every kind, in no order.
std::vector<float> AnyBits(size_t size) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = BitsFloat(Philox(MixBits(11), i, 0).words[0]);
  return values;
}

std::vector<TensorCase> MakeCases() {
  std::vector<TensorCase> cases = {
      {"gaussian", {48, 256}, Gaussians(48 * 256, 1)},
      {"gaussian, odd tails", {37, 131}, Gaussians(37 * 131, 2)},
      {"one element", {1, 1}, {-3.0f}},
      {"one row of a prime length", {1, 4099}, Gaussians(4099, 4)},
      {"one column", {67, 1}, Gaussians(67, 9)},
      {"ties", {16, 384}, Ties(16 * 384)},
      {"ties, tiny", {16, 384}, Scaled(Ties(16 * 384), 1e-30f)},
      {"zeros of both signs", {16, 128}, Repeat({0.0f, -0.0f, -0.0f}, 16 * 128)},
      {"zero blocks between others", {4, 512}, Repeat(std::vector<float>(64), 4 * 512)},
      {"subnormals",
       {16, 128},
       Repeat({kTiny, -kTiny, 5 * kTiny, kSmallest / 2, -kSmallest, 0.0f, -0.0f}, 16 * 128)},
      {"smallest", {2, 64}, Repeat({kTiny, 0.0f, -kTiny, -0.0f}, 128)},
      {"largest", {16, 128}, Repeat({kLargest, -kLargest, 1.0f, -kTiny, kLargest / 3}, 16 * 128)},
      {"ladder of scales", {64, 256}, Ladder(64 * 256)},
      {"heavy tails", {32, 128}, StudentT(32 * 128)},
      {"NaN and Inf", {32, 256}, Poisoned(32 * 256)},
      {"nothing finite", {2, 128}, Repeat({kNan, kInf, -kInf, -kNan}, 256)},
      {"any bits", {32, 256}, AnyBits(32 * 256)},
      {"gaussian of 1e30", {16, 256}, Scaled(Gaussians(16 * 256, 12), 1e30f)},
      {"gaussian of 1e-30", {16, 256}, Scaled(Gaussians(16 * 256, 12), 1e-30f)},
      {"gaussian of 1e-40, subnormal", {16, 256}, Scaled(Gaussians(16 * 256, 12), 1e-40f)},
      {"gradients of 1e-5", {16, 256}, Scaled(Gaussians(16 * 256, 6), 1e-5f)},
      {"many double-quantized blocks", {33, 544}, Gaussians(33 * 544, 10)},
  };
  for (TensorCase& tensor : cases) {
    if (tensor.name != "zero blocks between others") continue;
    for (size_t i = 64; i < tensor.values.size(); i += 128)
      tensor.values[i] = static_cast<float>(i) - 700.0f;
  }
  return cases;
}

}  // namespace

std::vector<float> Gaussians(int64_t size, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i) {
    PhiloxWords random = Philox(MixBits(seed), i, 0);
    double radius = std::sqrt(-2.0 * std::log((random.words[0] + 0.5) * 0x1p-32));
    values[i] =
        static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * (random.words[1] * 0x1p-32)));
  }
  return values;
}

const std::vector<TensorCase>& TensorCases() {
  static const std::vector<TensorCase> cases = MakeCases();
  return cases;
}

std::vector<OptionsCase> OptionsCases(const Format& format) {
  const FormatInfo& info = format.info();
  std::vector<OptionsCase> cases;
  for (std::string_view block : info.blocks) {
    QuantizeOptions options;
    options.block = block;
    options.seed = 42;
    options.stream = 7;
    options.step = 1000;
    options.signs = {.seed = 42, .step = 1000};
    auto add = [&](std::string name, auto change) {
      QuantizeOptions changed = options;
      change(changed);
      if (format.Check(changed, {1024, 1024}).ok())
        cases.push_back({std::string(block) + " " + name, changed});
    };
    add("nearest", [](QuantizeOptions&) {});
    add("stochastic", [](QuantizeOptions& o) { o.rounding = Rounding::kStochastic; });
    // The other options do not care how large a flat block is.
    if (info.blocks.size() > 5 && block != info.default_block && block != info.blocks.back())
      continue;
    for (int n : {16, 32, 64, 128})
      add("hadamard " + std::to_string(n), [&](QuantizeOptions& o) { o.hadamard = n; });
    add("stochastic hadamard 16, fixed signs", [](QuantizeOptions& o) {
      o.rounding = Rounding::kStochastic;
      o.hadamard = 16;
      o.signs.pattern = RotationSigns::Pattern::kFixed;
    });
    add("stochastic hadamard 32 prescale 3/4", [](QuantizeOptions& o) {
      o.rounding = Rounding::kStochastic;
      o.hadamard = 32;
      o.prescale = 0.75f;
    });
    add("prescale 3/4", [](QuantizeOptions& o) { o.prescale = 0.75f; });
    add("headroom 17/16", [](QuantizeOptions& o) { o.headroom = 17.0f / 16.0f; });
    add("double quantization", [](QuantizeOptions& o) { o.double_quantization = true; });
    add("stochastic, double quantization", [](QuantizeOptions& o) {
      o.rounding = Rounding::kStochastic;
      o.double_quantization = true;
    });
    for (ScaleMode mode :
         {ScaleMode::kFloor, ScaleMode::kRoundCeil, ScaleMode::kEven, ScaleMode::kCeil}) {
      add("scale mode " + std::to_string(static_cast<int>(mode)), [&](QuantizeOptions& o) {
        o.scale_mode = mode;
        o.scale_mode_set = true;
      });
    }
    add("four-over-six mse", [](QuantizeOptions& o) { o.four_over_six = FourOverSix::kMse; });
    add("four-over-six mae", [](QuantizeOptions& o) { o.four_over_six = FourOverSix::kMae; });
    add("MS-EDEN", [](QuantizeOptions& o) {
      o.ms_eden = true;
      o.hadamard = 128;
    });
    // Under this stream "gaussian" gets another scale when the sums are made one after the other,
    // or folded by neighbours.
    add("MS-EDEN, the order of its sums", [](QuantizeOptions& o) {
      o.ms_eden = true;
      o.hadamard = 128;
      o.stream = 36538;
    });
    add("MS-EDEN, given amax", [](QuantizeOptions& o) {
      o.ms_eden = true;
      o.hadamard = 128;
      o.tensor_amax = 2.5f;
    });
    add("given amax", [](QuantizeOptions& o) { o.tensor_amax = 2.5f; });
  }
  return cases;
}

void BackwardsOnTwoThreads(int64_t size, int64_t grain,
                           const std::function<void(int64_t, int64_t)>& work) {
  auto run = [&](int64_t parity) {
    for (int64_t i = (size + grain - 1) / grain - 1; i >= 0; --i) {
      if (i % 2 == parity) work(i * grain, std::min(size, (i + 1) * grain));
    }
  };
  std::thread other(run, 1);
  run(0);
  other.join();
}

}  // namespace fp4::numerics
