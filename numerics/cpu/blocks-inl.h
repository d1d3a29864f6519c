// How the kernels walk over the blocks of a unit. Included once for each target.
#if defined(FP4_NUMERICS_CPU_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_BLOCKS_INL_H_
#undef FP4_NUMERICS_CPU_BLOCKS_INL_H_
#else
#define FP4_NUMERICS_CPU_BLOCKS_INL_H_
#endif

#include "numerics/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

// A block as its place in the unit's matrix.
struct Tile {
  int64_t offset = 0;  // of its first element in the unit
  int64_t rows = 0, columns = 0, stride = 0;
};

// Calls work(index of the block in the unit, tile) for every block.
template <class Work>
HWY_INLINE void ForEachTile(const Unit& unit, Work&& work) {
  int64_t block = 0;
  for (int64_t row = 0; row < unit.rows; row += unit.tile_rows) {
    int64_t rows = HWY_MIN(unit.tile_rows, unit.rows - row);
    for (int64_t column = 0; column < unit.columns; column += unit.tile_columns) {
      int64_t columns = HWY_MIN(unit.tile_columns, unit.columns - column);
      work(block++, Tile{row * unit.stride + column, rows, columns, unit.stride});
    }
  }
}

// No words without stochastic rounding.
HWY_INLINE const uint32_t* At(const uint32_t* random, int64_t index) {
  return random == nullptr ? random : random + index;
}

// What the round trip of a part needs, but for its scales.
HWY_INLINE Unit PartOf(const Unit& unit, int64_t row, int64_t rows, int64_t column,
                       int64_t columns) {
  const int64_t first = row * unit.stride + column;
  Unit part = unit;
  part.rows = rows;
  part.columns = columns;
  part.values += first;
  part.random = At(unit.random, first);
  part.decoded += first;
  return part;
}

// The scales from a block on: unit.scales holds those of the unit, or one for all.
HWY_INLINE BlockScales ScalesFrom(const Unit& unit, int64_t block) {
  return unit.one_scale ? unit.scales : unit.scales.From(block);
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
