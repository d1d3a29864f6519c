// Code books as tables that a register holds: [lowest, 1] is cut into equal cells, so many that no
// cell has more than one threshold. The cell of a value and one comparison with the cell's
// threshold then give its level, where counting the thresholds below takes as many comparisons as
// there are.
#pragma once

#include <bit>

#include "numerics/arithmetic/codebook.h"

namespace fp4::numerics::cpu {

// A value lies in cell round(value * kScale + kOffset), values outside [kLowest, 1] in those of the
// ends (for kLowest = 0 there are none below). The function ascends whatever its rounding, so only
// a threshold's own cell decides by comparison.
template <class Book>
struct CellsOf;
template <>
struct CellsOf<Fp4Book> {
  static constexpr int kCount = 16;
  static constexpr float kLowest = 0.0f, kScale = 14.0f, kOffset = 0.0f;
};
template <>
struct CellsOf<Nf4Book> {
  static constexpr int kCount = 32;
  static constexpr float kLowest = -1.0f, kScale = 15.0f, kOffset = 16.0f;
};

// For each cell: the level (and its rank, as bits) of values that do not exceed the threshold and
// of those that do. A cell without a threshold has one that every number in it exceeds: a NaN
// exceeds none and takes the lowest level, as the book says.
template <class Book>
struct CellTables {
  static constexpr int kCount = CellsOf<Book>::kCount;
  alignas(64) float threshold[kCount] = {};
  alignas(64) float level_below[kCount] = {};
  alignas(64) float level_above[kCount] = {};
  alignas(64) float rank_below[kCount] = {};
  alignas(64) float rank_above[kCount] = {};
  bool valid = true;  // one threshold a cell, none near the border of one

  constexpr CellTables() {
    int rank = 0;
    for (int cell = 0; cell < kCount; ++cell) {
      bool has_threshold = rank + 1 < Book::kNumLevels && CellOfThreshold(rank) == cell;
      SetBelow(cell, has_threshold ? rank : 0);
      threshold[cell] = has_threshold ? Book::Threshold(rank++) : -4.0f;
      level_above[cell] = Book::Level(rank);
      rank_above[cell] = std::bit_cast<float>(rank);
    }
    valid = valid && rank == Book::kNumLevels - 1;
  }

 private:
  constexpr void SetBelow(int cell, int rank) {
    level_below[cell] = Book::Level(rank);
    rank_below[cell] = std::bit_cast<float>(rank);
  }

  constexpr int CellOfThreshold(int index) {
    float position = Book::Threshold(index) * CellsOf<Book>::kScale + CellsOf<Book>::kOffset;
    int cell = static_cast<int>(position + 0.5f);
    float from_middle = position - static_cast<float>(cell);
    valid = valid && from_middle > -0.49f && from_middle < 0.49f;
    return cell;
  }
};

template <class Book>
inline constexpr CellTables<Book> kCells;
static_assert(kCells<Fp4Book>.valid && kCells<Nf4Book>.valid);

}  // namespace fp4::numerics::cpu
