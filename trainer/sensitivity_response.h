#pragma once

#include "trainer/build.h"
#include "trainer/measure/report.h"

namespace fp4::trainer {

// After update `update`, where the document asks for it: measures the scores of sensitivity and
// those of the byte budget, on micro-batches of the updates that follow, and tells them and what
// the budget decides. Training goes on as if nothing had been measured, to the bit, but for the
// switches.
absl::Status MeasureSensitivity(Parts& parts, int64_t update, Report& report);

}  // namespace fp4::trainer
