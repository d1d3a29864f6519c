// What quantization did to a tensor.
#pragma once

#include <cstdint>
#include <span>

#include "numerics/format.h"
#include "numerics/parallel.h"

namespace fp4::numerics {

// Sums are made in double over fixed pieces of the tensor, in a fixed order: equal inputs give
// equal bits, whatever `parallel` does. Elements that are not finite on either side are counted and
// left out of everything else.
struct ErrorStats {
  int64_t count = 0;         // elements compared
  int64_t num_relative = 0;  // of these, originals that are not 0: what relative errors are of
  int64_t non_finite = 0;    // left out
  double mean_abs_error = 0;
  double mean_relative_error = 0;  // |error| / |original|, elements of 0 left out; 0 when all are
  double max_abs_error = 0;
  double relative_mse =
      0;  // sum of squared errors / sum of squares; 0 without error, infinite for an original of 0
  double sqnr_db = 0;         // -10 log10(relative_mse); infinite without error
  int64_t zeros_created = 0;  // not 0 before, 0 after
};

// Compares a tensor with what quantization made of it, element by element. The spans have one size;
// both may be empty. Thread-safe.
ErrorStats MeasureError(std::span<const float> original, std::span<const float> decoded,
                        const ParallelFor& parallel);

// What saturation cut off: ScaleUse::clipped (numerics/scale_use.h).
int64_t CountClipped(const Format& format, std::span<const float> values,
                     const Quantized& quantized, const QuantizeOptions& options);

}  // namespace fp4::numerics
