// Which of a layer's GEMMs a tensor core could compute as they are written, so that nobody mistakes
// an emulation for a recipe that hardware runs.
#pragma once

#include "spec/gemm_shapes.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// The bits of the tensor core's operands, 4 or 8; 0: none computes this GEMM, so it is an
// emulation, or it is not quantized, or not computed at all. A tensor core knows
//   4 bits  nvfp4 x nvfp4 (E2M1, an E4M3 scale for each 16 along the contraction dimension),
//           mxfp4 x mxfp4 (E2M1, an E8M0 scale for each 32);
//   8 bits  mxfp8 and mxfp4 with mxfp8 (E8M0 scales as above), fp8_e4m3 and fp8_e5m2 in any pair,
//           int8 x int8; the scales of these are of tensors or rows, which can be taken out of the
//           sum, or (fp8) of 128 along the contraction dimension, which partial sums are scaled by.
// Scales have to run along the contraction dimension, both operands have to be rotated alike or not
// at all, and nothing unquantized may be added to an operand.
int TensorCoreBits(const LayerPrecision& layer, Gemm gemm);

}  // namespace fp4::spec
