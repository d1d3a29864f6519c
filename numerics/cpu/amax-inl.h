// The scales of all blocks of a unit, under the rules by which they follow from the block's amax
// alone. Included once for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_AMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_AMAX_INL_H_
#undef FP4_NUMERICS_CPU_AMAX_INL_H_
#else
#define FP4_NUMERICS_CPU_AMAX_INL_H_
#endif

#include "numerics/cpu/maxima-inl.h"
#include "numerics/cpu/scales-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

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
HWY_INLINE void ScaleRowOfTiles(const Job& job, const Unit& unit, int64_t row, BlockScales scales) {
  const int64_t size = unit.tile_columns, across = (unit.columns + size - 1) / size;
  const int64_t rows = HWY_MIN(unit.tile_rows, unit.rows - row);
  int64_t tile = 0;
  if (size % kLanes == 0) {
    for (; (tile + kLanes) * size <= unit.columns; tile += kLanes) {
      const float* values = unit.values + row * unit.stride + tile * size;
      const FoldedTiles<kVectors> folded = {values, rows, size, unit.stride};
      StoreScalesOf<kRule>(job, MaximaOf<kLanes>(folded, 0), scales.From(tile));
    }
  }
  HWY_ALIGN int32_t bits[kMaxLanes] = {};
  for (; tile < across; tile += kLanes) {
    const int64_t count = HWY_MIN(kLanes, across - tile);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t column = (tile + i) * size;
      const Tile one = {row * unit.stride + column, rows, HWY_MIN(size, unit.columns - column),
                        unit.stride};
      bits[i] = static_cast<int32_t>(TileMaxAbsBits(unit.values, one));
    }
    StoreScalesOf<kRule>(job, hn::Load(DI(), bits), scales.From(tile));
  }
}

template <ScaleRule kRule, int kVectors>
HWY_INLINE void ScaleRows(const Job& job, const Unit& unit) {
  const int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
  for (int64_t row = 0, block = 0; row < unit.rows; row += unit.tile_rows, block += across) {
    ScaleRowOfTiles<kRule, kVectors>(job, unit, row, unit.scales.From(block));
  }
}

// Writes up to a vector more than there are blocks.
template <ScaleRule kRule>
HWY_NOINLINE void ScaleByAmax(const Job& job, const Unit& unit) {
  if (unit.tile_rows == 1 && unit.tile_columns == kLanes) return ScaleRows<kRule, 1>(job, unit);
  if (unit.tile_rows == 1 && unit.tile_columns == 2 * kLanes) return ScaleRows<kRule, 2>(job, unit);
  if (unit.tile_rows == 1 && unit.tile_columns == 4 * kLanes) return ScaleRows<kRule, 4>(job, unit);
  ScaleRows<kRule, 0>(job, unit);
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
