#pragma once

#include <cstdint>

#include "spec/run_spec.h"

namespace fp4::spec {

// The most that forward and backward of one micro-batch hold of a transformer's activations, in
// bytes: what autograd keeps of the blocks, or with activation checkpointing their inputs and one
// block's, and the larger of the head's logits and the temporary tensors of a block's backward
// pass. For fused attention without dropout. The compute type is not "auto".
int64_t TransformerActivationBytes(const RunSpec& run);

}  // namespace fp4::spec
