#pragma once

#include <ostream>

#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// fp4-train --roofline: measures the machine (peak of a large GEMM in the run's compute type,
// bandwidth of a copy) and each product of the run's layers on it, with random operands, and writes
// for each FLOP, bytes, the bound and how near the measured time comes to it, and what 4-bit
// operands would change if the machine had them; as a table or as JSON. No data is read, nothing
// is trained. The exit status: 0, else as Failed gives it.
int PrintRoofline(const Options& options, const SelectedRun& selected, std::ostream& out);

}  // namespace fp4::trainer
