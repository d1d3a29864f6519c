#include "trainer/run/math_environment.h"

#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace fp4::trainer {

void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int64_t AvailableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0)
    return std::max<long>(sysconf(_SC_NPROCESSORS_ONLN), 1);
  return std::max(CPU_COUNT(&cores), 1);
}

}  // namespace fp4::trainer
