// The numbers that an element of a format can be before scaling, for the estimators that scale a
// weight by themselves.
#pragma once

#include <string>

#include "trainer/torch.h"

namespace fp4::trainer {

class ElementGrid {
 public:
  // `format`: one with E2M1 or integer elements; HasGrid says so.
  explicit ElementGrid(const std::string& format);
  static bool HasGrid(const std::string& format);

  // The largest magnitude: 6 of E2M1, 7 of int4, 127 of int8, 1 of ternary.
  double largest() const { return largest_; }

  // The nearest number of the grid, ties to the even code; `u` is fp32 and within ±largest().
  at::Tensor Round(const at::Tensor& u) const;

  // The distance between the two numbers of the grid around each `u`, within ±largest().
  at::Tensor CellWidth(const at::Tensor& u) const;

  // The number of the grid below or at |u|, that of the cell's inner end.
  at::Tensor CellFloor(const at::Tensor& magnitude) const;

 private:
  bool e2m1_ = false;
  double largest_ = 0;
};

}  // namespace fp4::trainer
