#pragma once

#include <span>

#include "numerics/format.h"
#include "numerics/parallel.h"

namespace fp4::numerics::cpu {

// What the encoder of a format rounds: each value divided by what its decoded element is multiplied
// by, in the units of the element's grid (±6 for E2M1). Clipping is not applied; a block whose
// scale is 0 gives zeros. INVALID_ARGUMENT: Format::Check, or a format whose elements have no
// scale, or options that rotate (the grid is then not that of the values).
absl::Status ScaledValues(const Format& format, std::span<const float> values, MatrixShape shape,
                          const QuantizeOptions& options, std::span<float> scaled,
                          const ParallelFor& parallel);

}  // namespace fp4::numerics::cpu
