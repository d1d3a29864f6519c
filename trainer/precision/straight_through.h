#pragma once

#include "trainer/precision/operand.h"

namespace fp4::trainer {

// What `quantizer` makes of x, whose last dimension its blocks run along; recorded for autograd,
// where the gradient of the result is the gradient of x (straight-through). An x that is not
// quantized comes back in the quantizer's compute type. `quantizer` is not needed afterwards.
at::Tensor RoundStraightThrough(const OperandQuantizer& quantizer, const at::Tensor& x);

}  // namespace fp4::trainer
