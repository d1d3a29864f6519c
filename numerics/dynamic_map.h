// The signed 8-bit dynamic map of bitsandbytes (functional.py, create_dynamic_map), with which the
// absmax of 4-bit blocks are quantized a second time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace fp4::numerics {

// 256 ascending values from -0.99297 to 1; 127 is 0.
const std::array<float, 256>& DynamicMap();

// The code of the nearest value; half-way goes to the even code.
uint8_t DynamicCode(float value);

// absmax = DynamicMap()[codes[i]] * scales[i / 256] + offset.
struct NestedScales {
  std::vector<uint8_t> codes;
  std::vector<float> scales;
  float offset = 0.0f;
};
inline constexpr int64_t kNestedBlock = 256;

// `absmax` may hold NaN (poisoned blocks): left out of mean and maximum, and the 256 around one are
// poisoned with it, because their common scale is the innermost number that can say so.
NestedScales NestScales(std::span<const float> absmax);
void UnnestScales(const NestedScales& nested, std::span<float> absmax);

}  // namespace fp4::numerics
