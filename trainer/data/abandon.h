#pragma once

#include <functional>

#include "absl/status/status.h"
#include "base/stop_check.h"

namespace fp4::trainer {

// Runs `work`, a call into a library that cannot be interrupted, on a thread of its own, and asks
// `stop` meanwhile. OK: it is done. CANCELLED: it goes on, abandoned, so it has to own all that it
// touches, and the process shall end soon, by EndProcess.
absl::Status RunAbandonable(std::function<void()> work, const StopCheck& stop);

// Ends the process with `exit_status` as returning from main does, but at once where work was
// abandoned: destructors of static objects would run under the feet of that thread.
[[noreturn]] void EndProcess(int exit_status);

}  // namespace fp4::trainer
