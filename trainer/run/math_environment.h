#pragma once

#include <cstdint>

namespace fp4::trainer {

// A program whose bits shall be equal for equal inputs and thread counts links
// trainer/run/math_preinit.cc. It makes sure that the process runs with MKL_CBWR (one code path,
// STRICT), MKL_DYNAMIC and OMP_DYNAMIC off; and with GOMP_SPINCOUNT, so that OpenMP's threads sleep
// soon when they wait: by default they spin for milliseconds, and two trainers that share cores
// then mostly watch each other spin.

// Makes the allocator keep freed pages: activations come and go by the megabyte each step.
void KeepFreedMemory();

// Cores that this process may use, at least 1.
int64_t AvailableCores();

}  // namespace fp4::trainer
