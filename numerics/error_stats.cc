#include "numerics/error_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "numerics/arithmetic/float_mode.h"
#include "numerics/scale_use.h"

namespace fp4::numerics {
namespace {

constexpr int64_t kPiece = 1 << 14;

struct Sums {
  int64_t count = 0, non_finite = 0, num_relative = 0, zeros_created = 0;
  double abs = 0, relative = 0, squared_error = 0, squared = 0, max_abs = 0;

  void Add(const Sums& other) {
    count += other.count;
    non_finite += other.non_finite;
    num_relative += other.num_relative;
    zeros_created += other.zeros_created;
    abs += other.abs;
    relative += other.relative;
    squared_error += other.squared_error;
    squared += other.squared;
    max_abs = std::max(max_abs, other.max_abs);
  }
};

Sums SumPiece(std::span<const float> original, std::span<const float> decoded) {
  Sums sums;
  for (size_t i = 0; i < original.size(); ++i) {
    double x = original[i], y = decoded[i];
    if (!std::isfinite(x) || !std::isfinite(y)) {
      ++sums.non_finite;
      continue;
    }
    double error = std::fabs(x - y);
    ++sums.count;
    sums.abs += error;
    sums.squared_error += error * error;
    sums.squared += x * x;
    sums.max_abs = std::max(sums.max_abs, error);
    if (x != 0) {
      sums.relative += error / std::fabs(x);
      ++sums.num_relative;
      if (y == 0) ++sums.zeros_created;
    }
  }
  return sums;
}

}  // namespace

ErrorStats MeasureError(std::span<const float> original, std::span<const float> decoded,
                        const ParallelFor& parallel) {
  auto size = static_cast<int64_t>(original.size());
  std::vector<Sums> pieces(static_cast<size_t>((size + kPiece - 1) / kPiece));
  parallel(static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    ScopedFloatMode float_mode;
    for (int64_t i = begin; i < end; ++i) {
      auto length = static_cast<size_t>(std::min(kPiece, size - i * kPiece));
      auto offset = static_cast<size_t>(i * kPiece);
      pieces[static_cast<size_t>(i)] =
          SumPiece(original.subspan(offset, length), decoded.subspan(offset, length));
    }
  });
  Sums sums;
  for (const Sums& piece : pieces) sums.Add(piece);

  ErrorStats stats;
  stats.count = sums.count;
  stats.num_relative = sums.num_relative;
  stats.non_finite = sums.non_finite;
  stats.zeros_created = sums.zeros_created;
  stats.max_abs_error = sums.max_abs;
  if (sums.count > 0) stats.mean_abs_error = sums.abs / static_cast<double>(sums.count);
  if (sums.num_relative > 0)
    stats.mean_relative_error = sums.relative / static_cast<double>(sums.num_relative);
  if (sums.squared_error > 0) {
    stats.relative_mse = sums.squared > 0 ? sums.squared_error / sums.squared
                                          : std::numeric_limits<double>::infinity();
  }
  stats.sqnr_db = sums.squared_error > 0 ? -10.0 * std::log10(stats.relative_mse)
                                         : std::numeric_limits<double>::infinity();
  return stats;
}

int64_t CountClipped(const Format& format, std::span<const float> values,
                     const Quantized& quantized, const QuantizeOptions& options) {
  return MeasureScaleUse(format, values, quantized, options).clipped;
}

}  // namespace fp4::numerics
