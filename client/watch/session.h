#pragma once

#include "absl/status/statusor.h"
#include "base/stop_signal.h"
#include "client/context.h"
#include "client/exit_code.h"
#include "client/target.h"

namespace fp4::client {

// Shows a target's events until all its runs have finished or the user interrupts, which leaves the
// runs alone. kOk: all completed; kFailed: some did not; kInterrupted. `stop` was made before the
// first connection.
absl::StatusOr<ExitCode> WatchTarget(Context& context, StopSignal& stop, const Target& target,
                                     int64_t cursor);

// The same without showing anything but the runs that did not complete.
absl::StatusOr<ExitCode> WaitForTarget(Context& context, StopSignal& stop, const Target& target);

}  // namespace fp4::client
