#pragma once

#include <functional>

#include "trainer/build.h"

namespace fp4::trainer {

enum class Outcome {
  kCompleted,
  kStopped,  // as asked, after a checkpoint
};

// Trains from where `parts` stand to the last step, telling `log` everything. `stop_requested` is
// asked once a step. INTERNAL with the code non_finite: a loss or gradient was not finite;
// other errors are of the disk. Errors of LibTorch are exceptions; parts.context then says where.
absl::StatusOr<Outcome> Train(Parts& parts, EventLog& log,
                              const std::function<bool()>& stop_requested);

}  // namespace fp4::trainer
