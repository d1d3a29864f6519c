#include "base/exit_cause.h"

namespace fp4 {

std::string_view ExitCauseName(ExitCause cause) {
  switch (cause) {
    case ExitCause::kExited:
      return "exited";
    case ExitCause::kSignaled:
      return "signaled";
    case ExitCause::kLeaseLost:
      return "lease_lost";
    case ExitCause::kMaxRuntime:
      return "max_runtime";
    case ExitCause::kSpawnFailed:
      return "spawn_failed";
    case ExitCause::kLost:
      return "lost";
    case ExitCause::kWorkerStopped:
      return "worker_stopped";
    case ExitCause::kDiskFull:
      return "disk_full";
    case ExitCause::kMachineFault:
      return "machine_fault";
    case ExitCause::kLogBroken:
      return "log_broken";
  }
  return "lost";
}

}  // namespace fp4
