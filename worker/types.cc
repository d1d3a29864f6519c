#include "worker/types.h"

namespace fp4::worker {

std::optional<ExitCause> CauseFromName(std::string_view name) {
  for (ExitCause cause : kExitCauses) {
    if (ExitCauseName(cause) == name) return cause;
  }
  return std::nullopt;
}

}  // namespace fp4::worker
