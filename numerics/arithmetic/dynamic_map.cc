#include "numerics/arithmetic/dynamic_map.h"

#include <algorithm>
#include <cmath>

#include "numerics/arithmetic/host_device.h"

namespace fp4::numerics {
namespace {

// Values of exponent e = 0..6: the middles of 2^e equal parts of [0.1, 1], times 10^(e-6), both
// signs; unsigned, of 2^(e+1) parts; 0 and 1. The boundaries are counted from the nearer end with
// one rounding each, as torch.linspace does on every CPU that has a fused multiply-add (without, 42
// of the values differ in their last bit).
std::array<float, 256> MakeMap(bool with_signs) {
  constexpr double kPowers[7] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0};
  std::array<float, 256> map = {};
  size_t size = 0;
  for (int exponent = 0; exponent < 7; ++exponent) {
    int parts = 1 << (with_signs ? exponent : exponent + 1);
    float step = (1.0f - 0.1f) / static_cast<float>(parts);
    auto boundary = [&](int i) {
      return i < (parts + 1) / 2 ? std::fma(step, static_cast<float>(i), 0.1f)
                                 : std::fma(-step, static_cast<float>(parts - i), 1.0f);
    };
    for (int i = 0; i < parts; ++i) {
      float middle = (boundary(i) + boundary(i + 1)) / 2.0f;
      float value = static_cast<float>(kPowers[exponent]) * middle;
      map[size++] = value;
      if (with_signs) map[size++] = -value;
    }
  }
  map[size++] = 0.0f;
  map[size++] = 1.0f;
  std::sort(map.begin(), map.end());
  return map;
}

}  // namespace

const std::array<float, 256>& DynamicMap() {
  static const std::array<float, 256> map = MakeMap(/*with_signs=*/true);
  return map;
}

const std::array<float, 256>& UnsignedDynamicMap() {
  static const std::array<float, 256> map = MakeMap(/*with_signs=*/false);
  return map;
}

uint8_t DynamicCode(float value) {
  return static_cast<uint8_t>(NearestInMap(DynamicMap().data(), value));
}

NestedScales NestScales(std::span<const float> absmax) {
  double sum = 0;
  int64_t count = 0;
  for (float value : absmax) {
    if (!IsFinite(value)) continue;
    sum += value;
    ++count;
  }
  NestedScales nested;
  nested.offset = count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0.0f;
  nested.codes.resize(absmax.size());
  for (size_t begin = 0; begin < absmax.size(); begin += kNestedBlock) {
    std::span<const float> block =
        absmax.subspan(begin, std::min<size_t>(kNestedBlock, absmax.size() - begin));
    float largest = 0.0f;
    bool poisoned = false;
    for (float value : block) {
      if (IsFinite(value))
        largest = std::max(largest, std::fabs(value - nested.offset));
      else
        poisoned = true;
    }
    nested.scales.push_back(poisoned ? BitsFloat(kNanBits) : largest);
    float inverse = largest > 0.0f ? 1.0f / largest : 0.0f;
    for (size_t i = 0; i < block.size(); ++i) {
      nested.codes[begin + i] = poisoned ? 0 : DynamicCode((block[i] - nested.offset) * inverse);
    }
  }
  return nested;
}

void UnnestScales(const NestedScales& nested, std::span<float> absmax) {
  for (size_t i = 0; i < absmax.size(); ++i) {
    absmax[i] = DynamicMap()[nested.codes[i]] * nested.scales[i / kNestedBlock] + nested.offset;
  }
}

}  // namespace fp4::numerics
