#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/scale_kernel.cc"
#include <algorithm>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/scales-inl.h"
#include "numerics/cpu/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE BlockStats MeanStats(const float* values, const Tile& tile) {
  BlockStats stats;
  double sum = 0;
  for (int64_t row = 0; row < tile.rows && !stats.poisoned; ++row) {
    stats.poisoned =
        !AddMagnitudesOf(values + tile.offset + row * tile.stride, tile.columns, &sum);
  }
  stats.mean = sum / static_cast<double>(tile.rows * tile.columns);
  return stats;
}

HWY_NOINLINE void ScaleByMean(const Job& job, const Unit& unit) {
  ForEachTile(unit, [&](int64_t block, const Tile& tile) HWY_ATTR {
    unit.scales.Set(block, MakeBlockScale(*job.info, job.resolved, MeanStats(unit.values, tile),
                                          job.two_level));
  });
}

template <ScaleRule kRule>
HWY_INLINE void StoreScalesOf(const Job& job, VI bits, const BlockScales& scales) {
  const BlockMaxima maxima = MaximaFromBits(job, bits);
  VectorScale scale;
  if (kRule == ScaleRule::kReciprocal) scale = ReciprocalScales(maxima.amax);
  if (kRule == ScaleRule::kDivided) scale = DividedScales(maxima.amax, job.info->max_value);
  if (kRule == ScaleRule::kPowerOfTwo)
    scale = PowerOfTwoScales(maxima.amax, job.resolved.power_of_two);
  if (kRule == ScaleRule::kTwoLevel) scale = TwoLevelScales(maxima.amax, job.two_level, 1.0f);
  StoreScales(job, scale, maxima.poisoned, scales);
}

// A row of tiles: the whole ones a vector of tiles at a time, then what is left.
template <ScaleRule kRule, int kVectors>
HWY_INLINE void ScaleRowOfTiles(const Job& job, const Unit& unit, int64_t row,
                                BlockScales scales) {
  const int64_t size = unit.tile_columns, across = (unit.columns + size - 1) / size;
  const int64_t rows = HWY_MIN(unit.tile_rows, unit.rows - row);
  int64_t tile = 0;
  if (size % kLanes == 0) {
    for (; (tile + kLanes) * size <= unit.columns; tile += kLanes) {
      const float* values = unit.values + row * unit.columns + tile * size;
      const FoldedTiles<kVectors> folded = {values, rows, size, unit.columns};
      StoreScalesOf<kRule>(job, MaximaOf<kLanes>(folded, 0), scales.From(tile));
    }
  }
  HWY_ALIGN int32_t bits[kMaxLanes] = {};
  for (; tile < across; tile += kLanes) {
    const int64_t count = HWY_MIN(kLanes, across - tile);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t column = (tile + i) * size;
      const Tile one = {row * unit.columns + column, rows, HWY_MIN(size, unit.columns - column),
                        unit.columns};
      bits[i] = static_cast<int32_t>(TileMaxAbsBits(unit.values, one));
    }
    StoreScalesOf<kRule>(job, hn::Load(DI(), bits), scales.From(tile));
  }
}

template <ScaleRule kRule, int kVectors>
HWY_NOINLINE void ScaleRows(const Job& job, const Unit& unit) {
  const int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
  for (int64_t row = 0, block = 0; row < unit.rows; row += unit.tile_rows, block += across) {
    ScaleRowOfTiles<kRule, kVectors>(job, unit, row, unit.scales.From(block));
  }
}

// The rules whose scale follows from the block's amax alone.
template <ScaleRule kRule>
HWY_INLINE void ScaleByAmax(const Job& job, const Unit& unit) {
  if (unit.tile_rows == 1 && unit.tile_columns == kLanes)
    return ScaleRows<kRule, 1>(job, unit);
  if (unit.tile_rows == 1 && unit.tile_columns == 2 * kLanes)
    return ScaleRows<kRule, 2>(job, unit);
  if (unit.tile_rows == 1 && unit.tile_columns == 4 * kLanes)
    return ScaleRows<kRule, 4>(job, unit);
  ScaleRows<kRule, 0>(job, unit);
}

HWY_NOINLINE void ScaleBlocks(const Job& job, const Unit& unit) {
  switch (job.rule) {
    case ScaleRule::kReciprocal:
      return ScaleByAmax<ScaleRule::kReciprocal>(job, unit);
    case ScaleRule::kDivided:
      return ScaleByAmax<ScaleRule::kDivided>(job, unit);
    case ScaleRule::kPowerOfTwo:
      return ScaleByAmax<ScaleRule::kPowerOfTwo>(job, unit);
    case ScaleRule::kTwoLevel:
      return ScaleByAmax<ScaleRule::kTwoLevel>(job, unit);
    case ScaleRule::kMean:
      return ScaleByMean(job, unit);
    case ScaleRule::kNone:
      return;
  }
}

HWY_NOINLINE bool SumMagnitudes(const float* values, int64_t size, double* sum) {
  return AddMagnitudesOf(values, size, sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(ScaleBlocks);
HWY_EXPORT(SumMagnitudes);
void ScaleUnit(const Job& job, const Unit& unit) {
  if (job.ms_eden || job.four_over_six != FourOverSix::kOff) return SearchUnit(job, unit);
  HWY_DYNAMIC_DISPATCH(ScaleBlocks)(job, unit);
}
bool AddMagnitudes(const float* values, int64_t size, double* sum) {
  return HWY_DYNAMIC_DISPATCH(SumMagnitudes)(values, size, sum);
}
}  // namespace fp4::numerics::cpu
#endif
