// The patterns that name layers, and the table of what is quantized where.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

// Whether a pattern of precision.rules matches a layer's name: whole dotted segments, `*` within
// one, `**` any number,
// `{a..b}` a range, `{a,b}` a choice.
bool PatternMatches(std::string_view pattern, std::string_view layer);

// The table as people read it: layer, shape, recipe, the operands of each GEMM, the bits of a
// tensor core that could compute fprop, dgrad and wgrad as written ("4 - 4"; spec/tensor_core.h),
// bits per value, bytes.
std::string FormatLayerTable(const RunSpec& run);

// The same as JSON: [{"layer", "shape", "recipe", "estimator", "fprop": {"a", "b",
// "tensor_core_bits"}, …, "weight_bits", "weight_bytes"}]; a tied head has "shares_embedding":
// true: its matrix is counted there. Scores and probabilities of attention that are rounded follow
// in both, with the operand as fprop's first and no weight.
std::string LayerTableJson(const RunSpec& run);

// Bytes of the layer's weight if it were stored as fprop sees it, scales and padding included; one
// that is not quantized in the compute type, or in fp32 where that is still "auto".
int64_t WeightBytes(const LayerPrecision& layer, ComputeDtype compute_dtype);

// The sum of that table's bytes: what the weights of all layers would take if they were stored as
// fprop sees them. A matrix that two layers share in one form counts once.
int64_t StoredWeightBytes(const RunSpec& run);

}  // namespace fp4::spec
