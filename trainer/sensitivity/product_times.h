// What the products of layers take on this machine, for a budget in seconds.
#pragma once

#include "spec/budget/costs.h"
#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// What is measured; all of it outlives the call.
struct ProductTimeParts {
  const spec::RunSpec& run;  // with a budget
  StepContext& context;
  Backend& backend;
  at::ScalarType compute_type;
};

// By layer and candidate, as in run.budget.candidates: the nanoseconds of one step that the layer's
// fprop, dgrad and wgrad take together, with the quantization of their operands: the weight's once,
// all else in each micro-batch. Each number is the median of several calls, in which the candidates
// take turns, so that a slow moment of the machine meets all of them. Layers of one shape are
// measured once. Values are random numbers of the sizes that the run has; the model is not touched,
// and the context is afterwards as it was.
spec::LayerCosts MeasureProductTimes(const ProductTimeParts& parts);

}  // namespace fp4::trainer
