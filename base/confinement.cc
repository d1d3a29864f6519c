#include "base/confinement.h"

#include <sys/prctl.h>
#include <sys/stat.h>

namespace fp4 {

void CloseMemory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

void CloseFiles() {
  // What was closed already stays so.
  const mode_t given = umask(0077);
  umask(given | 0027);
}

}  // namespace fp4
