// What there is to see of one quantized tensor, as numbers: the four panels of a report.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "numerics/analysis/histogram.h"

namespace fp4::numerics::analysis {

struct SamplePoint {
  int64_t index = 0;  // in the flattened tensor
  float original = 0, decoded = 0;
};

// A run of consecutive elements. Pairs that are not finite on either side are left out; NaN when
// none is left.
struct ErrorStretch {
  int64_t first = 0;  // index of its first element
  double mean_abs_error = 0, max_abs_error = 0;
};

struct TensorPanels {
  std::vector<SamplePoint> sample;   // one element of each of equal parts of the tensor
  std::vector<ErrorStretch> errors;  // over all elements
  Histogram original, decoded;       // over all elements, with the same bins
  double correlation = 0;  // Pearson's, over all finite pairs; NaN when either side is constant
};

struct PanelLimits {
  int64_t max_sample = 2000;
  int64_t max_stretches = 256;
  int num_bins = 81;
};

// The spans have one size, at least 1. Equal inputs give equal results: an element of the sample is
// chosen by a hash of its part's number, so that it does not fall in step with rows or blocks.
TensorPanels MakeTensorPanels(std::span<const float> original, std::span<const float> decoded,
                              const PanelLimits& limits);

// The pieces of it.
std::vector<SamplePoint> SamplePairs(std::span<const float> original,
                                     std::span<const float> decoded, int64_t max_points);
double Correlation(std::span<const float> original, std::span<const float> decoded);

}  // namespace fp4::numerics::analysis
