#include "worker/types.h"

namespace fp4::worker {

std::string_view CauseName(ExitCause cause) {
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
  }
  return "lost";
}

std::optional<ExitCause> CauseFromName(std::string_view name) {
  for (ExitCause cause : {ExitCause::kExited, ExitCause::kSignaled, ExitCause::kLeaseLost,
                          ExitCause::kMaxRuntime, ExitCause::kSpawnFailed, ExitCause::kLost}) {
    if (CauseName(cause) == name) return cause;
  }
  return std::nullopt;
}

}  // namespace fp4::worker
