#include "numerics/analysis/probe.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/status_macros.h"
#include "numerics/block_format.h"
#include "numerics/cpu/quantize.h"
#include "numerics/parallel.h"

namespace fp4::numerics::analysis {
namespace {

constexpr int64_t kLargestBlock = 256;  // as many neighbours as anybody needs
constexpr int kSweep = 2000;            // intervals of the first look at [-1, 1]

QuantizeOptions ForProbing(QuantizeOptions options) {
  options.rounding = Rounding::kNearest;
  options.hadamard = 0;
  options.signs = {};
  options.ms_eden = false;
  options.tensor_amax = 0.0f;
  return options;
}

// Elements of one block that lie in one row.
int64_t BlockColumns(const BlockShape& block) {
  switch (block.kind) {
    case BlockShape::Kind::kElement:
      return 2;
    case BlockShape::Kind::kFlat:
    case BlockShape::Kind::kTile:
      return std::clamp<int64_t>(block.columns, 2, kLargestBlock);
    case BlockShape::Kind::kRow:
    case BlockShape::Kind::kTensor:
      return kLargestBlock;
  }
  return 2;
}

// A 1, the probed value, what it leaves of 1, and values spread evenly over [-1, 1].
std::vector<float> Neighbours(int64_t columns) {
  std::vector<float> values(static_cast<size_t>(columns));
  values[0] = 1.0f;
  for (size_t i = 3; i < values.size(); ++i) {
    const double place = (static_cast<double>(i) - 2.5) / static_cast<double>(columns - 3);
    values[i] = static_cast<float>(2 * place - 1);
  }
  return values;
}

// Finite floats in ascending order have ascending numbers.
int64_t Order(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits >= 0 ? bits : -static_cast<int64_t>(bits & 0x7FFFFFFF);
}

float FromOrder(int64_t order) {
  const float magnitude = std::bit_cast<float>(static_cast<int32_t>(std::abs(order)));
  return order < 0 ? -magnitude : magnitude;
}

// The first float after `from` for which `holds` is true. It is false for `from` and true for `to`.
template <class Predicate>
float FirstWhere(float from, float to, const Predicate& holds) {
  int64_t low = Order(from), high = Order(to);
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (holds(FromOrder(middle)) ? high : low) = middle;
  }
  return FromOrder(high);
}

// The decoded value of the smallest magnitude that does not become 0.
template <class Function>
float SmallestSurvivor(const Function& decode) {
  if (decode(1.0f) == 0) return 0;
  return decode(FirstWhere(0.0f, 1.0f, [&](float x) { return decode(x) != 0; }));
}

// Adds the corners of the curve from `from`, where it has been traced to, up to `to`, whatever
// number of boundaries lies between.
void AddCorners(Probe& probe, float from, std::pair<float, float> to, Staircase& staircase) {
  float level = staircase.points.back().second;  // at `from`
  while (level != to.second && from < to.first) {
    from = FirstWhere(from, to.first, [&](float x) { return probe.Beside(x) != level; });
    staircase.boundaries.push_back(from);
    staircase.points.emplace_back(from, level);
    level = probe.Beside(from);
    staircase.points.emplace_back(from, level);
  }
}

}  // namespace

absl::StatusOr<Probe> Probe::Create(const FormatChoice& choice) {
  Probe probe;
  probe.format_ = choice.format;
  probe.options_ = ForProbing(choice.options);
  FP4_ASSIGN_OR_RETURN(const BlockShape block, ResolveBlock(choice.format->info(), probe.options_));
  const int64_t columns = BlockColumns(block);
  probe.beside_ = {{1, columns}, Neighbours(columns), 1};
  switch (block.kind) {
    case BlockShape::Kind::kElement:
    case BlockShape::Kind::kTensor:
      probe.next_block_ = probe.beside_;
      break;
    case BlockShape::Kind::kRow:
      probe.next_block_ = {{2, 1}, {1, 0}, 1};
      break;
    case BlockShape::Kind::kFlat:
    case BlockShape::Kind::kTile:
      probe.next_block_ = {{1, 2 * block.columns},
                           std::vector<float>(static_cast<size_t>(2 * block.columns)),
                           static_cast<size_t>(block.columns)};
      probe.next_block_.values[0] = 1.0f;
      break;
  }
  FP4_RETURN_IF_ERROR(choice.format->Check(probe.options_, probe.beside_.shape));
  FP4_RETURN_IF_ERROR(choice.format->Check(probe.options_, probe.next_block_.shape));
  return probe;
}

float Probe::Decode(Place& place, float x) {
  place.values[place.position] = x;
  decoded_.resize(place.values.size());
  // Create has checked the options.
  cpu::QuantizeDequantize(*format_, place.values, place.shape, options_, decoded_, SerialFor)
      .IgnoreError();
  return decoded_[place.position];
}

float Probe::Beside(float x) {
  if (beside_.values.size() > 2) beside_.values[2] = 1.0f - std::fabs(x);
  return Decode(beside_, x);
}
float Probe::InNextBlock(float x) { return Decode(next_block_, x); }

FormatRange MeasureRange(Probe& probe) {
  FormatRange range;
  range.largest = std::fabs(probe.Beside(1.0f));
  range.smallest_in_block = SmallestSurvivor([&](float x) { return std::fabs(probe.Beside(x)); });
  range.smallest_block = SmallestSurvivor([&](float x) { return std::fabs(probe.InNextBlock(x)); });
  return range;
}

std::vector<double> RelativeErrorByMagnitude(Probe& probe, int num_bins) {
  constexpr int kPlaces = 32;
  std::vector<double> errors(static_cast<size_t>(num_bins));
  for (int bin = 0; bin < num_bins; ++bin) {
    double& largest = errors[static_cast<size_t>(bin)];
    for (int i = 0; i < kPlaces; ++i) {
      const auto x = static_cast<float>(std::exp2(-0.5 * (bin + i / double{kPlaces})));
      largest = std::max(largest, std::fabs(double{probe.Beside(x)} - x) / x);
    }
  }
  return errors;
}

Staircase TraceStaircase(Probe& probe) {
  std::vector<std::pair<float, float>> sweep;
  for (int i = 0; i <= kSweep; ++i) {
    const float x = static_cast<float>(2 * i - kSweep) / kSweep;
    sweep.emplace_back(x, probe.Beside(x));
  }
  int num_steps = 0;
  for (size_t i = 1; i < sweep.size(); ++i) num_steps += sweep[i].second != sweep[i - 1].second;
  Staircase staircase;
  staircase.exact = num_steps <= kMaxSteps;
  if (!staircase.exact) {
    for (size_t i = 0; i < sweep.size(); i += 8) staircase.points.push_back(sweep[i]);
    return staircase;
  }
  staircase.points.push_back(sweep.front());
  for (size_t i = 1; i < sweep.size(); ++i)
    AddCorners(probe, sweep[i - 1].first, sweep[i], staircase);
  staircase.points.push_back(sweep.back());
  return staircase;
}

}  // namespace fp4::numerics::analysis
