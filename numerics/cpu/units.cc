#include "numerics/cpu/units.h"

#include <algorithm>
#include <numeric>

namespace fp4::numerics::cpu {
namespace {

// A unit has about as many elements as a core keeps in half of its first-level cache, because most
// kernels read a unit more than once.
constexpr int64_t kUnitElements = 1 << 12;

}  // namespace

Units::Units(const BlockGrid& grid, MatrixShape shape, bool one_block, int group)
    : shape_(shape), one_block_(one_block) {
  unit_.tile_rows = grid.rows;
  unit_.tile_columns = grid.columns;
  unit_.one_scale = one_block;
  const bool ragged_rows = grid.shape.rows > 1 && grid.shape.columns % grid.columns != 0;
  if (grid.rows > 1 || (!one_block && ragged_rows)) {
    CutByRows(grid);
  } else {
    CutFlat(grid, group);
  }
  if (one_block) unit_.tile_columns = shape.size();
  count_ = (shape.size() + unit_.size() - 1) / unit_.size();
}

void Units::CutByRows(const BlockGrid& grid) {
  int64_t rows = std::lcm(grid.rows, 8 / std::gcd<int64_t>(8, shape_.columns));
  rows *= std::max<int64_t>(1, kUnitElements / (rows * shape_.columns));
  unit_.columns = shape_.columns;
  unit_.rows = rows;
}

void Units::CutFlat(const BlockGrid& grid, int group) {
  int64_t whole = std::lcm<int64_t>(8, group);
  if (!one_block_) whole = std::lcm(whole, grid.columns);
  unit_.rows = 1;
  unit_.columns = whole * std::max<int64_t>(1, kUnitElements / whole);
}

int64_t Units::BlocksOf(const Unit& unit) {
  int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
  return across * ((unit.rows + unit.tile_rows - 1) / unit.tile_rows);
}

Unit Units::Make(int64_t index) const {
  Unit unit = unit_;
  unit.first_element = index * unit_.size();
  int64_t left = shape_.size() - unit.first_element;
  if (unit_.rows == 1 && unit_.columns != shape_.columns)
    unit.columns = std::min(unit_.columns, left);
  else
    unit.rows = std::min(unit_.rows, left / unit_.columns);
  if (unit.rows == 0) {
    unit.rows = 1;
    unit.columns = left;
  }
  unit.stride = unit.columns;
  unit.first_block = one_block_ ? 0 : index * BlocksOf(unit_);
  return unit;
}

}  // namespace fp4::numerics::cpu
