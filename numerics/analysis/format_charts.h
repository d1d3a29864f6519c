// Formats side by side, as numbers: the nine charts. Everything comes from encoding and decoding,
// so that a format needs no code of its own here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "numerics/analysis/format_choice.h"
#include "numerics/analysis/generated.h"
#include "numerics/analysis/histogram.h"
#include "numerics/analysis/probe.h"
#include "numerics/analysis/tensor_panels.h"
#include "numerics/error_stats.h"
#include "numerics/parallel.h"

namespace fp4::numerics::analysis {

// Of the generated weights, of the rows of them that are scaled over many decades, and of the one
// whose memory is counted.
inline constexpr MatrixShape kWeightShape = {512, 512};
inline constexpr MatrixShape kScaledShape = {128, 512};
inline constexpr MatrixShape kStoredShape = {4096, 4096};
// Bins of FormatFigures::error_by_magnitude: half octaves below the block's maximum.
inline constexpr int kMagnitudeBins = 48;

// One format. `weight` below is GenerateWeight(kNormal, kWeightShape, seed).
struct FormatFigures {
  FormatChoice choice;
  FormatRange range;                       // 1. range
  std::vector<double> error_by_scale;      // 2. RMS error / RMS of its first rows times
                                           //    each of `scales`; NaN: something overflowed
  Histogram decoded;                       // 3. weight distribution, bins of the original's
  Histogram errors;                        // 4. decoded - original of the weight
  std::vector<double> error_by_magnitude;  // 5. representability
  std::vector<double> sqnr_by_scheme;      // 6. dB, AllInitSchemes(); infinite without an error
  std::vector<SamplePoint> sample;         // 7. correlation, of the weight
  double correlation = 0;
  int bits_per_element = 0;   // 8. memory, of kStoredShape
  double bits_per_value = 0;  //    with scales and padding
  int64_t stored_bytes = 0;
  Staircase staircase;  // 9. boundaries

  // Of the weight.
  ErrorStats stats;
  int64_t clipped = 0;
  int64_t weight_bytes = 0;
  double weight_bits_per_value = 0;
  bool has_tensor_scale = false;
  float tensor_scale = 0;
};

struct FormatCharts {
  std::vector<double> scales;  // ascending; factors on the weight of unit variance
  Histogram original;          // of the weight
  std::vector<FormatFigures> formats;
};

// OK when the options of every choice make sense for all that is drawn; INVALID_ARGUMENT names the
// format, the option and why.
absl::Status CheckChoices(std::span<const FormatChoice> choices);

// Deterministic in `choices` and `seed`. Errors: as CheckChoices.
absl::StatusOr<FormatCharts> ComputeFormatCharts(std::span<const FormatChoice> choices,
                                                 uint64_t seed, const ParallelFor& parallel);

// One piece of it: sqrt(relative MSE) of `values` times each of `scales`.
absl::StatusOr<std::vector<double>> RelativeErrorByScale(const FormatChoice& choice,
                                                         std::span<const float> values,
                                                         MatrixShape shape,
                                                         std::span<const double> scales,
                                                         const ParallelFor& parallel);

}  // namespace fp4::numerics::analysis
