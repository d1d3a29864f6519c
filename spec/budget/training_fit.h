// How a run is made to fit into precision.budget.training_bytes.
#pragma once

#include "spec/document.h"
#include "spec/json.h"

namespace fp4::spec {

// `merged`: the document of one variant. Gives it back with fields set that it leaves out, in this
// order, each on top of those before it, and only as many as it takes:
//   training.activation_checkpointing  true   costs time and changes no bit
//   optimizer.states                   8bit
//   optimizer.gradients                bf16
//   optimizer.masters                  bf16
//   optimizer.states                   4bit
// The first four are taken until the largest candidates of all layers fit; if they never do, all
// four, and the budget chooses among the candidates; the last one only where not even the smallest
// candidates fit otherwise. A field that is given stays as it is, one that saves nothing is left
// alone, and so are masters and gradients of fp16 and the masters of weights that are
// de-oscillated. Without the section, or where it cannot be computed: `merged` itself. What comes
// back is given back unchanged.
Node FitTraining(const Node& merged, const ReadOptions& options);

}  // namespace fp4::spec
