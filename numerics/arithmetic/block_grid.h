// Which elements share a scale: the blocks of a matrix, numbered row-major, each a few runs of
// consecutive elements.
#pragma once

#include <algorithm>
#include <cstdint>

#include "numerics/format.h"

namespace fp4::numerics {

// Every kind of block is a tile of a matrix: the tensor itself, or (flat, tensor) the tensor as one
// row. Blocks at the right and lower edge hold what is left.
struct BlockGrid {
  MatrixShape shape;  // what is tiled
  int64_t rows = 0;   // of a block
  int64_t columns = 0;

  // How many blocks there are down, across and in all; those that an edge cuts off count.
  int64_t grid_rows() const { return (shape.rows + rows - 1) / rows; }
  int64_t grid_columns() const { return (shape.columns + columns - 1) / columns; }
  int64_t count() const { return grid_rows() * grid_columns(); }

  // Calls run(begin, length) for the rows of block `index`, in order; `begin` is an index into the
  // flattened tensor.
  template <class Run>
  void ForEachRun(int64_t index, Run&& run) const {
    int64_t row = index / grid_columns() * rows, column = index % grid_columns() * columns;
    int64_t length = std::min(columns, shape.columns - column);
    int64_t end = std::min(row + rows, shape.rows);
    for (; row < end; ++row) run(row * shape.columns + column, length);
  }
};

// How the blocks of that kind lie in a tensor of that shape. `block` is not kElement, which has
// none.
inline BlockGrid MakeBlockGrid(const BlockShape& block, MatrixShape shape) {
  MatrixShape flat = {1, shape.size()};
  switch (block.kind) {
    case BlockShape::Kind::kFlat:
      return {flat, 1, block.columns};
    case BlockShape::Kind::kTile:
      return {shape, block.rows, block.columns};
    case BlockShape::Kind::kRow:
      return {shape, 1, shape.columns};
    case BlockShape::Kind::kTensor:
    case BlockShape::Kind::kElement:
      break;
  }
  return {flat, 1, shape.size()};
}

}  // namespace fp4::numerics
