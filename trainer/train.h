#pragma once

#include "base/stop_check.h"
#include "trainer/build.h"

namespace fp4::trainer {

enum class Outcome {
  kCompleted,
  kStopped,  // as asked, after a checkpoint
};

// Trains from where `parts` stand to the last step, telling `log` everything. `stop` is asked
// between micro-batches, of training and of evaluation: an update or an evaluation that is under
// way is dropped, a checkpoint of the last whole update written. With parts.group the first
// process's `stop` counts, and is asked between updates: one that is under way is finished by all.
//
// INTERNAL with the code non_finite or anomaly: a loss or gradient with which training.on_anomaly
// does not let the run go on, or the last evaluation's loss is not finite. ABORTED: a file of the
// data was changed. UNAVAILABLE: a fault of the machine, as a full disk. Errors of LibTorch are
// exceptions; parts.context then says where.
absl::StatusOr<Outcome> Train(Parts& parts, EventLog& log, const StopCheck& stop);

}  // namespace fp4::trainer
