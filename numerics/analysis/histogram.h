// Counting values into equal bins.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fp4::numerics::analysis {

// An interval that is cut into bins of equal width, in the units of the values.
struct BinRange {
  double low = 0, high = 1;  // low < high
};

// Where the values lie: from their minimum to their maximum, but not beyond six standard deviations
// from their mean, so that one outlier does not squeeze all others into one bin. Values that are
// not finite are left out; around a single value the range has a width of its magnitude (1 for 0).
BinRange RangeOf(std::span<const float> values);

// The smallest range that holds both.
BinRange Union(BinRange a, BinRange b);

// How many values lie in each bin.
struct Histogram {
  BinRange range;
  std::vector<int64_t> counts;
  int64_t total = 0;    // finite values: the sum of the counts
  int64_t outside = 0;  // of these, beyond the range: they are counted in the outermost bins
};

// All values; those that are not finite are left out. num_bins > 0.
Histogram CountValues(std::span<const float> values, BinRange range, int num_bins);

}  // namespace fp4::numerics::analysis
