#include "trainer/optimizer/state_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/arithmetic/minifloat.h"
#include "spec/optimizer_tensors.h"

namespace fp4::trainer {
namespace {

using numerics::BitsFloat;

constexpr int64_t kLongestBlock = 256;

constexpr std::array<float, 16> kSignedFour = {
    -0.8875f, -0.6625f, -0.4375f, -0.2125f, -0.0775f, -0.0325f, -0.0055f, 0.0f,
    0.0055f,  0.0325f,  0.0775f,  0.2125f,  0.4375f,  0.6625f,  0.8875f,  1.0f};
constexpr std::array<float, 16> kUnsignedFour = {
    1 / 16.0f, 2 / 16.0f,  3 / 16.0f,  4 / 16.0f,  5 / 16.0f,  6 / 16.0f,  7 / 16.0f,  8 / 16.0f,
    9 / 16.0f, 10 / 16.0f, 11 / 16.0f, 12 / 16.0f, 13 / 16.0f, 14 / 16.0f, 15 / 16.0f, 1.0f};

// The smallest float that torchao rounds up: x - down >= (up - down) / 2, each in fp32.
float DynamicThreshold(float down, float up) {
  const auto rounds_up = [&](float x) { return x - down >= (up - down) * 0.5f; };
  float threshold = down + (up - down) * 0.5f;
  const float infinity = std::numeric_limits<float>::infinity();
  while (!rounds_up(threshold)) threshold = std::nextafter(threshold, infinity);
  for (float below = std::nextafter(threshold, -infinity); rounds_up(below);
       below = std::nextafter(threshold, -infinity)) {
    threshold = below;
  }
  return threshold;
}

}  // namespace

StateCodec::Map StateCodec::DynamicValues(std::span<const float> values) {
  Map map{{values.begin(), values.end()}, {}, {}};
  for (size_t i = 0; i < values.size(); ++i) {
    map.codes.push_back(static_cast<uint8_t>(i));
    if (i > 0) map.thresholds.push_back(DynamicThreshold(values[i - 1], values[i]));
  }
  return map;
}

// Every finite value of E4M3, zero once.
StateCodec::Map StateCodec::E4M3Values() {
  constexpr int kLargestCode = 0x7E;
  Map map;
  for (int code = -kLargestCode; code <= kLargestCode; ++code) {
    map.codes.push_back(static_cast<uint8_t>(code < 0 ? 0x80 - code : code));
    map.values.push_back(numerics::E4M3Value(map.codes.back()));
    if (code == -kLargestCode) continue;
    const float middle = (map.values[map.values.size() - 2] + map.values.back()) * 0.5f;
    const bool tie_goes_up = map.codes.back() % 2 == 0;
    map.thresholds.push_back(
        tie_goes_up ? middle : std::nextafter(middle, std::numeric_limits<float>::infinity()));
  }
  return map;
}

StateCodec::StateCodec(spec::OptimizerStates states, int bits, float largest, Map map)
    : block_(spec::StateBlock(states)),
      bits_(bits),
      largest_(largest),
      values_(std::move(map.values)),
      codes_(std::move(map.codes)),
      thresholds_(std::move(map.thresholds)),
      value_of_code_(size_t{1} << bits, 0.0f),
      next_threshold_(thresholds_),
      first_index_(size_t{1} << 16, 0) {
  for (size_t i = 0; i < values_.size(); ++i) value_of_code_[codes_[i]] = values_[i];
  next_threshold_.push_back(std::numeric_limits<float>::quiet_NaN());
  for (uint32_t upper = 0; upper < first_index_.size(); ++upper) {
    const float smallest = BitsFloat(upper & 0x8000 ? (upper << 16) | 0xFFFF : upper << 16);
    if (std::isnan(smallest)) continue;
    const auto above = std::ranges::upper_bound(thresholds_, smallest);
    first_index_[upper] = static_cast<uint8_t>(above - thresholds_.begin());
  }
}

const StateCodec* StateCodec::Find(spec::OptimizerStates states, Moment moment) {
  using spec::OptimizerStates;
  static const StateCodec eight_first(OptimizerStates::k8Bit, 8, 1,
                                      DynamicValues(numerics::DynamicMap()));
  static const StateCodec eight_second(OptimizerStates::k8Bit, 8, 1,
                                       DynamicValues(numerics::UnsignedDynamicMap()));
  static const StateCodec four_first(OptimizerStates::k4Bit, 4, 1, DynamicValues(kSignedFour));
  static const StateCodec four_second(OptimizerStates::k4Bit, 4, 1, DynamicValues(kUnsignedFour));
  static const StateCodec fp8(OptimizerStates::kFp8, 8, numerics::E4M3::kMax, E4M3Values());
  const bool first = moment == Moment::kFirst;
  switch (states) {
    case spec::OptimizerStates::kFp32:
      return nullptr;
    case spec::OptimizerStates::k8Bit:
      return first ? &eight_first : &eight_second;
    case spec::OptimizerStates::k4Bit:
      return first ? &four_first : &four_second;
    case spec::OptimizerStates::kFp8:
      return &fp8;
  }
  return nullptr;
}

// Floats that share their upper 16 bits are so close that at most one threshold lies between them.
inline uint32_t StateCodec::IndexOf(float scaled) const {
  const uint32_t index = first_index_[numerics::FloatBits(scaled) >> 16];
  return index + (scaled >= next_threshold_[index] ? 1 : 0);
}

float StateCodec::Encode(const float* values, uint8_t* codes) const {
  // Magnitudes are ordered as their bits are; NaN is above all and stays.
  int32_t amax_bits = 0;
  for (int64_t i = 0; i < block_; ++i) {
    amax_bits =
        std::max(amax_bits, static_cast<int32_t>(numerics::FloatBits(values[i]) & 0x7FFFFFFF));
  }
  const float amax = BitsFloat(static_cast<uint32_t>(amax_bits));
  const float scale = std::max(amax, kSmallestStateScale) / largest_;
  std::array<float, kLongestBlock> scaled;
  for (int64_t i = 0; i < block_; ++i) scaled[i] = values[i] / scale;
  if (bits_ == 8) {
    for (int64_t i = 0; i < block_; ++i) codes[i] = codes_[IndexOf(scaled[i])];
  } else {
    for (int64_t i = 0; i < block_; i += 2) {
      codes[i / 2] =
          static_cast<uint8_t>(codes_[IndexOf(scaled[i])] << 4 | codes_[IndexOf(scaled[i + 1])]);
    }
  }
  return scale;
}

void StateCodec::Decode(const uint8_t* codes, float scale, float* values) const {
  if (bits_ == 8) {
    for (int64_t i = 0; i < block_; ++i) values[i] = value_of_code_[codes[i]] * scale;
  } else {
    for (int64_t i = 0; i < block_; i += 2) {
      values[i] = value_of_code_[codes[i / 2] >> 4] * scale;
      values[i + 1] = value_of_code_[codes[i / 2] & 0xF] * scale;
    }
  }
}

}  // namespace fp4::trainer
