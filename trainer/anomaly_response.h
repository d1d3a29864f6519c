#pragma once

#include "trainer/measure/report.h"
#include "trainer/step.h"

namespace fp4::trainer {

// Judges the step that `result` is of by training.on_anomaly, tells of what is unusual, and goes
// back to a checkpoint where the verdict is that: `parts` then stand at its step, and the steps
// that follow take batches that the run has not seen. Whether the update is applied is left to the
// caller. INTERNAL, with the finding's code and message: the run cannot go on. DATA_LOSS: there is
// no checkpoint to go back to.
absl::StatusOr<AnomalyVerdict> RespondToAnomaly(Parts& parts, int64_t update,
                                                const StepResult& result, Report& report);

}  // namespace fp4::trainer
