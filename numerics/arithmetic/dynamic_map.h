// The 8-bit dynamic maps of bitsandbytes (functional.py, create_dynamic_map): the signed one, with
// which the absmax of 4-bit blocks are quantized a second time and first moments are kept, and the
// unsigned one for second moments.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "numerics/arithmetic/host_device.h"

namespace fp4::numerics {

// 256 ascending values from -0.99297 to 1; 127 is 0.
const std::array<float, 256>& DynamicMap();

// 256 ascending values from 0 to 1, with twice as many in each decade.
const std::array<float, 256>& UnsignedDynamicMap();

// The code of the nearest value of the map; half-way goes to the even code. Host and device.
FP4_HOST_DEVICE inline uint32_t NearestInMap(const float* map, float value) {
  uint32_t above = 0;  // the first entry that is not below the value; 256 if none is
  for (uint32_t step = 256; step > 0; step /= 2) {
    if (above + step <= 256 && map[above + step - 1] < value) above += step;
  }
  if (above == 0) return 0;
  if (above == 256) return 255;
  const float middle = (map[above] + map[above - 1]) * 0.5f;
  if (value == middle) return above & ~1u;
  return value > middle ? above : above - 1;
}
// NearestInMap of DynamicMap().
uint8_t DynamicCode(float value);

// absmax = DynamicMap()[codes[i]] * scales[i / 256] + offset.
struct NestedScales {
  std::vector<uint8_t> codes;
  std::vector<float> scales;
  float offset = 0.0f;
};
// How many block scales share one fp32 scale.
inline constexpr int64_t kNestedBlock = 256;

// `absmax` may hold NaN (poisoned blocks): left out of mean and maximum, and the 256 around one are
// poisoned with it, because their common scale is the innermost number that can say so. The mean is
// summed in double in the order of the scales.
NestedScales NestScales(std::span<const float> absmax);

// What the nested scales are read back as; `absmax` has as many elements as there are codes.
void UnnestScales(const NestedScales& nested, std::span<float> absmax);

}  // namespace fp4::numerics
