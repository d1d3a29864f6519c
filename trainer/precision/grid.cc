#include "trainer/precision/grid.h"

#include <cmath>

#include "numerics/format.h"

namespace fp4::trainer {
namespace {

// Of E2M1: 1/2 below 2, 1 from 2 to 4, 2 from 4 on.
at::Tensor E2M1Width(const at::Tensor& magnitude) {
  at::Tensor width = at::full_like(magnitude, 0.5);
  width.masked_fill_(magnitude.ge(2.0), 1.0);
  return width.masked_fill_(magnitude.ge(4.0), 2.0);
}

}  // namespace

bool ElementGrid::HasGrid(const std::string& format) {
  const numerics::Format* found = numerics::FindFormat(format);
  if (found == nullptr) return false;
  switch (found->info().element) {
    case numerics::ElementType::kE2M1:
    case numerics::ElementType::kInt8:
    case numerics::ElementType::kInt4:
    case numerics::ElementType::kTernary:
      return true;
    case numerics::ElementType::kFp4:
    case numerics::ElementType::kNf4:
    case numerics::ElementType::kE4M3:
    case numerics::ElementType::kE5M2:
    case numerics::ElementType::kBinary:
    case numerics::ElementType::kFp16:
    case numerics::ElementType::kBf16:
    case numerics::ElementType::kFp32:
    case numerics::ElementType::kOther:
      return false;
  }
  return false;
}

ElementGrid::ElementGrid(const std::string& format) {
  TORCH_CHECK(HasGrid(format), "the format ", format, " has no grid of its own");
  const numerics::FormatInfo& info = numerics::FindFormat(format)->info();
  e2m1_ = info.element == numerics::ElementType::kE2M1;
  largest_ = e2m1_                                             ? 6.0
             : info.element == numerics::ElementType::kTernary ? 1.0
             : info.element == numerics::ElementType::kInt4    ? 7.0
                                                               : 127.0;
}

at::Tensor ElementGrid::Round(const at::Tensor& u) const {
  if (!e2m1_) return at::round(u);  // ties to even
  // In units of the cell's width the code is even where the quotient is, within one binade.
  const at::Tensor magnitude = u.abs();
  const at::Tensor width = E2M1Width(magnitude);
  return at::copysign(at::round(magnitude / width) * width, u);
}

at::Tensor ElementGrid::CellWidth(const at::Tensor& u) const {
  return e2m1_ ? E2M1Width(u.abs()) : at::ones_like(u);
}

at::Tensor ElementGrid::CellFloor(const at::Tensor& magnitude) const {
  if (!e2m1_) return at::floor(magnitude);
  const at::Tensor width = E2M1Width(magnitude);
  return at::floor(magnitude / width) * width;
}

}  // namespace fp4::trainer
