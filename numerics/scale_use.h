// How the scales of a quantized tensor fit its values: what they cut off, and whether they have run
// out of codes.
#pragma once

#include <cstdint>
#include <span>

#include "numerics/format.h"

namespace fp4::numerics {

// Counts over a tensor. Blocks whose elements are all 0 need no scale and do not count; formats
// whose elements have no scale have no blocks.
struct ScaleUse {
  // Elements beyond the largest magnitude that their block's scale can reach, by more than the
  // rounding of that scale, where it is not a power of two.
  int64_t clipped = 0;
  int64_t blocks = 0;
  // Of these, blocks whose scale is stored in one byte and stands at the smallest code (0, or the
  // smallest positive number) or at the largest. One block of a format with two levels of scales,
  // that of the tensor's largest element, stands at the largest code by construction.
  int64_t at_smallest = 0, at_largest = 0;
};

// `quantized` is the encoding of `values` with these options; rotated options compare the rotated
// elements. Formats without a largest magnitude clip nothing; poisoned blocks are left out.
// Thread-safe.
ScaleUse MeasureScaleUse(const Format& format, std::span<const float> values,
                         const Quantized& quantized, const QuantizeOptions& options);

}  // namespace fp4::numerics
