// What becomes of one value beside known others: the range, the steps and the resolution of a
// format, found through nothing but encoding and decoding, so that they hold for any format.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "numerics/analysis/format_choice.h"

namespace fp4::numerics::analysis {

// One value in a block whose largest is 1. To nearest and without rotation, whatever the options
// say: both would mix the value with chance and with its neighbours. Not thread-safe.
class Probe {
 public:
  // INVALID_ARGUMENT: what Format::Check says.
  static absl::StatusOr<Probe> Create(const FormatChoice& choice);

  // Decoded, beside a 1 and, where the block has room, 1 - |x| (so that a scale made from a mean
  // does not depend on x) and values spread evenly over [-1, 1]. |x| <= 1.
  float Beside(float x);

  // Decoded, as the only value of a second block, the first holding a 1. Formats without a second
  // block (one scale for all, or none): in the same block.
  float InNextBlock(float x);

 private:
  struct Place {
    MatrixShape shape;
    std::vector<float> values;  // zeros and what does not change
    size_t position = 0;        // of the probed value
  };
  Probe() = default;
  float Decode(Place& place, float x);

  const Format* format_ = nullptr;
  QuantizeOptions options_;
  Place beside_, next_block_;
  std::vector<float> decoded_;
};

// Magnitudes, relative to the largest of the block or tensor; exact.
struct FormatRange {
  float largest = 0;            // what a 1 becomes
  float smallest_in_block = 0;  // the smallest that a value beside a 1 can become without being 0
  float smallest_block = 0;     // as largest value of a block, in a tensor with a 1
};
FormatRange MeasureRange(Probe& probe);

// The largest |decoded - x| / x over (2^-(i+1)/2, 2^-i/2] for i = 0 … num_bins - 1 (half octaves
// downwards from 1), sampled at 32 places of each.
std::vector<double> RelativeErrorByMagnitude(Probe& probe, int num_bins);

// The decoded value as a function of the original one on [-1, 1].
struct Staircase {
  // Corners of the curve when it has at most kMaxSteps steps, each boundary exact to the last bit;
  // else a sample of it.
  std::vector<std::pair<float, float>> points;  // (original, decoded), ascending in original
  std::vector<float> boundaries;  // where the next level begins; empty when only sampled
  bool exact = false;
};
inline constexpr int kMaxSteps = 64;
Staircase TraceStaircase(Probe& probe);

}  // namespace fp4::numerics::analysis
