// How a tensor is cut into units: pieces that the kernels work on one after the other.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/block_grid.h"
#include "numerics/cpu/job.h"

namespace fp4::numerics::cpu {

// Units hold whole blocks, whole groups of `group` elements (1: there are none) and a multiple of
// eight elements; the last one holds what is left. With `one_block` one scale, or none, is for all
// elements and units ignore blocks.
class Units {
 public:
  Units(const BlockGrid& grid, MatrixShape shape, bool one_block, int group);

  int64_t count() const { return count_; }
  int64_t unit_size() const { return unit_.size(); }  // elements of every unit but the last
  int64_t unit_columns() const { return unit_.columns; }
  // Where unit `index` lies, 0 <= index < count(). Its pointers are left null.
  Unit Make(int64_t index) const;
  // How many blocks a unit holds, those that an edge cuts off included.
  static int64_t BlocksOf(const Unit& unit);

 private:
  void CutByRows(const BlockGrid& grid);
  void CutFlat(const BlockGrid& grid, int group);

  MatrixShape shape_;
  bool one_block_;
  Unit unit_;  // all but the last
  int64_t count_ = 0;
};

}  // namespace fp4::numerics::cpu
