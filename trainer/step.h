// One step of training up to its gradients: what the loop judges, clips and applies.
#pragma once

#include <cstdint>
#include <optional>

#include "base/stop_check.h"
#include "trainer/build.h"
#include "trainer/health/non_finite.h"
#include "trainer/measure/step_look.h"

namespace fp4::trainer {

// What losses are multiplied by before backward: 1 but for fp16.
double LossScaleOf(const Parts& parts);

// What one update goes by; its gradients are with the parameters.
struct StepResult {
  double loss = 0;           // mean over the step's targets
  double gradient_norm = 0;  // of all gradients together, not clipped
};

// Computes the gradients of update `step` (from 1); `look`, if not null, looks at its first
// micro-batch. Where fp16 overflows, the step is computed
// again with a smaller loss scale, until it does not or the scale can fall no further. Nothing when
// `stop` asked for it: the gradients are then those of some micro-batches.
std::optional<StepResult> ComputeStep(Parts& parts, int64_t step, const StopCheck& stop,
                                      StepLook* look = nullptr);

// Of a step that has given a number that is not finite: computes it again, with a look at every
// layer, up to the first tensor that is not finite, and otherwise looks at the gradients of the
// parameters. Nothing where the sums alone overflow. The gradients are of no use afterwards. Of
// several processes each looks at its own micro-batches, and at the gradients of all.
std::optional<NonFiniteTensor> FindNonFinite(Parts& parts, int64_t step);

}  // namespace fp4::trainer
