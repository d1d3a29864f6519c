// What a run holds in memory while it trains, computed from its document alone: the parts that the
// metrics memory/... measure. Not counted: data, tables, de-oscillation's and the estimators' own
// state (docs/sensitivity.md says how near the numbers are).
#pragma once

#include <cstdint>
#include <string>

#include "spec/run_spec.h"

namespace fp4::spec {

// In bytes.
struct TrainingMemory {
  int64_t masters = 0, gradients = 0, optimizer_state = 0;
  int64_t weights = 0;      // what is kept of them for the products, beside the masters
  int64_t activations = 0;  // the most of one micro-batch's forward and backward
  int64_t total() const { return masters + gradients + optimizer_state + weights + activations; }
};

// Why it cannot be computed; empty: it can. A sentence.
std::string WhyMemoryIsUnknown(const RunSpec& run);

// `run` has its layers, and nothing that WhyMemoryIsUnknown names. It is all held at once only
// where gradients are there when activations are at their peak, as in a step of several
// micro-batches: of a step of one it is more than is ever held.
TrainingMemory ComputeTrainingMemory(const RunSpec& run);

// What the trainer keeps of a layer's weight for the products from one use to the next, if it is
// not the master itself.
int64_t HeldWeightBytes(const LayerPrecision& layer, const RunSpec& run);

// Bytes of one value in the compute type, which is not "auto".
int64_t BytesOf(ComputeDtype type);

// Bytes of one value of a layer's weight gradient while it is added to what is there: it is made in
// the compute type, whose values take `value_bytes`, and added in fp32.
constexpr int64_t WeightGradientBytes(int64_t value_bytes) {
  return value_bytes == 4 ? 4 : value_bytes + 4;
}

}  // namespace fp4::spec
