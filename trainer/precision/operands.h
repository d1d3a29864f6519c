#pragma once

#include <string>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/precision/operand.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// The six operands of a layer's three GEMMs, as a row of the precision table makes them:
//   fprop a = X, b = W; dgrad a = dY, b = W; wgrad a = dY, b = X.
struct LinearOperands {
  // Where the second operand of dgrad or wgrad comes from.
  enum class Second : uint8_t {
    kAsInFprop,    // the very values that fprop used
    kFromForward,  // those values, quantized again for this GEMM
    kOwn,          // the high-precision tensor, quantized for this GEMM or not at all
  };

  // `context` and `backend` outlive it.
  LinearOperands(const spec::LayerPrecision& precision, at::ScalarType compute_type,
                 const StepContext& context, Backend& backend);

  OperandQuantizer fprop_a, fprop_b, dgrad_a, dgrad_b, wgrad_a, wgrad_b;
  Second dgrad_weight, wgrad_input;
  // Whether a second operand of its own has the blocks of fprop, along `in`.
  bool dgrad_blocks_as_in_fprop, wgrad_blocks_as_in_fprop;
  // Whether blocks or a tensor's scale reach over rows, so that a GEMM must be given all of them.
  bool takes_rows_whole;
};

}  // namespace fp4::trainer
