// Attention's scores and probabilities as rules name them: no layers, for they have no weight, but
// tensors inside a block that can be rounded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/model_tensors.h"
#include "spec/pattern.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// A row for each head and query, a column for each key: what a softmax takes, or gives.
struct AttentionTensor {
  std::string name;  // "blocks.0.attention.scores", "blocks.0.attention.probabilities"
  int64_t rows_per_record = 0, columns = 0;
};

// In the model's order; none where the kind of model has no attention.
std::vector<AttentionTensor> AttentionTensors(const ModelSpec& model);

// Whether a pattern means these tensors: it matches the name, and its last segment says it without
// a `*`. A rule for all layers of a block leaves its softmax alone.
bool MatchesByName(const Pattern& pattern, const AttentionTensor& tensor);

// Why `precision` cannot be had in micro-batches of `records_per_batch` records, or in the last one
// of an evaluation; empty: it can.
std::string AttentionFault(const AttentionPrecision& precision, const AttentionTensor& tensor,
                           int64_t records_per_batch);

}  // namespace fp4::spec
