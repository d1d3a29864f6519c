// Whether the quantizers of a layer fit the matrices that its GEMMs have.
#pragma once

#include <string>
#include <vector>

#include "spec/gemm_shapes.h"
#include "spec/model_tensors.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// What is wrong with a quantizer on a matrix of this shape; empty: nothing. The operand is
// quantized.
std::string QuantizerFault(const OperandPrecision& operand, numerics::MatrixShape shape);

// An operand that does not fit.
struct OperandFault {
  OperandUse use;
  std::string message;  // "does not fit blocks.0.mlp.up (512 x 40): nvfp4: the block 1x16 …"
};

// Every operand of a layer that does not fit one of the matrices it is made from: the options of
// its format, the block, the rotation; in a training micro-batch of `records_per_batch` records, in
// the shorter last one of an evaluation, and in the pieces in which the head works through its
// rows. A layer that nothing trains has no wgrad. `tensor` is the layer's weight.
std::vector<OperandFault> FindOperandFaults(const LayerPrecision& layer, const TensorInfo& tensor,
                                            int64_t records_per_batch);

}  // namespace fp4::spec
