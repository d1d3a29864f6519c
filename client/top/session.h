#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/context.h"
#include "client/exit_code.h"

namespace fp4::client {

// Shows what goes on until the user leaves: kOk after q, kInterrupted after Ctrl-C or SIGTERM. A
// controller that goes away later is waited for, and the picture says so; one that does not
// answer at first is an error. On the terminal that the context's streams are.
absl::StatusOr<ExitCode> RunTop(Context& context, absl::Duration interval);

// One picture, without a terminal.
absl::StatusOr<ExitCode> PrintTop(Context& context);

}  // namespace fp4::client
