// Which optimizer updates a tensor of the model, and in what it keeps its state: for the checks of
// the document and for the trainer alike.
#pragma once

#include "spec/model_tensors.h"

namespace fp4::spec {

// Muon takes the matrices of the body (convolutions as (out, rest)); AdamW all else.
bool UpdatedByMuon(const OptimizerSpec& optimizer, const TensorInfo& tensor);

// Below this many elements AdamW's moments stay fp32.
inline constexpr int64_t kFewestSmallStates = 4096;

// Elements that share a scale; 0 for fp32.
int64_t StateBlock(OptimizerStates states);

// What AdamW keeps this tensor's moments in: optimizer.states, or fp32 where the tensor has fewer
// than kFewestSmallStates elements or is no whole number of blocks.
OptimizerStates StatesOf(const OptimizerSpec& optimizer, const TensorInfo& tensor);

}  // namespace fp4::spec
